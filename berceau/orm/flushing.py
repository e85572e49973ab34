"""What Pony writes before a query or a commit: after a write that failed, nothing follows it.

It rests on private names of pony==0.7.20, which ends in a bare AssertionError there.
"""

from collections.abc import Callable
from typing import Any

from pony.orm.core import Entity, SessionCache

from berceau.orm.unit import current_unit


def _guarded(pony_flush: Callable[[Any], None], cache_of: Callable[[Any], Any]) -> Any:
    """Return ``flush()`` of a session or an object, for what a unit of work does after a failure.

    Replaced in Pony's classes, because Pony makes sessions itself.
    """

    def flush(self: Any) -> None:
        unit, cache = current_unit(), cache_of(self)
        if unit is None or cache is None or cache.noflush_counter:
            pony_flush(self)
            return
        if cache.saved_objects:
            unit.refuse_rest()
        try:
            pony_flush(self)
        except Exception as error:
            unit.note_failure(error)
            raise

    flush.__doc__ = pony_flush.__doc__
    return flush


_Entity: Any = Entity  # as they are inside: their types tell what is for users
_SessionCache: Any = SessionCache
_Entity.flush = _guarded(_Entity.flush, lambda written: written._session_cache_)
_SessionCache.flush = _guarded(_SessionCache.flush, lambda cache: cache)
