"""Units of work that are set aside: meanwhile, their thread may have another one.

It rests on private names of pony==0.7.20.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pony.orm import core as pony_core

from berceau.orm.pool import BerceauPool, Held
from berceau.orm.unit import UnitOfWork, replace_unit

core: Any = pony_core  # as it is inside: its types tell what is for users


@dataclass(frozen=True)
class _Open:
    """What a thread has open: a unit, Pony's session, and a connection of each database's pool."""

    unit: UnitOfWork | None = None
    session: Any = None
    depth: int = 0
    caches: dict[Any, Any] = field(default_factory=dict)
    held: tuple[tuple[BerceauPool, Held], ...] = ()


class SuspendedUnit:
    """A unit of work that is this thread's only while a body runs ``resumed``."""

    def __init__(self) -> None:
        self._open = _Open()

    @contextmanager
    def resumed(self) -> Iterator[None]:
        """Let the body go on with the unit, or begin or end it; what the thread has open waits."""
        others = _replace(self._open)
        try:
            yield
        finally:
            self._open = _replace(others)


def _replace(new: _Open) -> _Open:
    """Let this thread have ``new`` open, and return what it had."""
    local = core.local
    pools = {cache.database.provider.pool for cache in local.db2cache.values()}
    held = tuple((pool, pool.hold()) for pool in pools if isinstance(pool, BerceauPool))
    unit = replace_unit(new.unit)
    old = _Open(unit, local.db_session, local.db_context_counter, local.db2cache, held)
    local.db_session, local.db_context_counter = new.session, new.depth
    local.db2cache = new.caches
    for pool, what in new.held:
        pool.hold(what)
    return old
