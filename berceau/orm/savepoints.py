"""Savepoints: a part of a unit of work that fails alone, in the database and in its objects.

It rests on private names of pony==0.7.20.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from threading import local
from typing import Any

from pony.orm import InterfaceError, OperationalError, flush
from pony.orm import core as pony_core
from pony.orm.ormtypes import TrackedValue

core: Any = pony_core  # as it is inside: its types tell what is for users
_numbers = count(1)

_PLAIN = ("_status_", "_pkval_", "_newid_", "_rbits_", "_wbits_", "_save_pos_")
"""What an object holds besides its values."""
_CONTAINERS = (
    *("objects", "indexes", "seeds", "max_id_cache", "for_update"),
    *("modified_collections", "objects_to_save"),
)
"""What a session's cache holds, as sets, lists and dictionaries of these."""


@contextmanager
def savepoint() -> Iterator[None]:
    """Undo what the body did where it raises: the rest of the session stays, and goes on.

    What was changed before is written first, and what the body changed at its end. After a
    failure, objects are as before, too: those that the body made can't be used any more, those that
    it loaded are loaded again when they are used. The exception passes.
    """
    with _noting_inserts():
        saved = [_Saved(cache) for cache in core._get_caches()]
        try:
            yield
            flush()
        except BaseException:
            before = [each.cache for each in saved]
            # Where the session's first query was in the body:
            saved += [_Empty(cache) for cache in core._get_caches() if cache not in before]
            for each in saved:
                if each.cache.is_alive:
                    each.restore()
            raise
        for each in saved:
            if each.cache.is_alive:
                each.release()


def note_insert(inserted: Any) -> None:
    """Remember that the object ``inserted`` was written, where a savepoint may undo it."""
    if _active.inserted is not None:
        _active.inserted.add(inserted)


class _Active(local):
    """What this thread inserted since its outermost savepoint; None where there is none."""

    inserted: set[Any] | None = None


_active = _Active()


@contextmanager
def _noting_inserts() -> Iterator[None]:
    outer = _active.inserted
    if outer is None:
        _active.inserted = set()
    try:
        yield
    finally:
        _active.inserted = outer


class _Saved:
    """A session's ``cache`` at a savepoint."""

    def __init__(self, cache: Any) -> None:
        self.cache = cache
        cache.flush()
        self._name = f"berceau_{next(_numbers)}"
        cache.database._exec_sql(f"SAVEPOINT {self._name}", start_transaction=True)
        self._modified = cache.modified
        self._containers = {name: _copied(getattr(cache, name)) for name in _CONTAINERS}
        self._objects = {
            each: (
                [getattr(each, name) for name in _PLAIN],
                _copied_values(each._vals_),
                dict(each._dbvals_),
            )
            for each in cache.objects
        }

    def release(self) -> None:
        """Keep what was done since."""
        self._execute(f"RELEASE SAVEPOINT {self._name}")

    def undo(self) -> None:
        """Undo in the database what was done since."""
        self._execute(f"ROLLBACK TO SAVEPOINT {self._name}; RELEASE SAVEPOINT {self._name}")

    def restore(self) -> None:
        """Undo what was done since."""
        cache = self.cache
        with suppress(OperationalError, InterfaceError):  # a lost connection undid more
            self.undo()
        later = cache.objects - self._objects.keys()
        for name, value in self._containers.items():
            _refill(getattr(cache, name), value)
        cache.modified = self._modified
        cache.saved_objects = []
        cache.query_results.clear()
        for each, (plain, values, stored) in self._objects.items():
            for name, value in zip(_PLAIN, plain, strict=True):
                setattr(each, name, value)
            each._vals_, each._dbvals_ = values, stored
            _restore_mutable(each)
        for each in later:
            self._forget(each)

    def _forget(self, later: Any) -> None:
        """Let an object that wasn't there before be what its row is now."""
        later._save_pos_ = None
        if later._status_ in {"created", "cancelled"} or later in (_active.inserted or ()):
            later._status_ = "cancelled"
            return
        later._status_ = "loaded"
        later._rbits_ = later._wbits_ = 0
        keys = later._pk_attrs_
        later._vals_ = {attr: later._vals_[attr] for attr in keys}
        later._dbvals_ = {}
        self.cache.objects.add(later)
        self.cache.indexes[keys][later._pkval_] = later
        self.cache.seeds[keys].add(later)

    def _execute(self, sql: str) -> None:
        # Not by the session: nothing else may be written now, nor may it connect again.
        cursor = self.cache.connection.cursor()
        self.cache.database.provider.send(cursor, sql)


class _Empty(_Saved):
    """The ``cache`` of a session that had asked nothing yet."""

    def __init__(self, cache: Any) -> None:
        self.cache = cache
        self._modified = False
        self._containers = dict.fromkeys(_CONTAINERS, ())
        self._objects = {}

    def undo(self) -> None:
        """Undo the transaction as a whole."""
        if self.cache.connection is not None:
            self.cache.database.provider.rollback(self.cache.connection, self.cache)


def _copied(container: Any) -> Any:
    """Return a copy of ``container`` and of the containers in it."""
    if isinstance(container, Mapping):
        return {
            key: each.copy() if isinstance(each, dict | set) else each
            for key, each in container.items()
        }
    return container.copy()


def _refill(container: Any, content: Any) -> None:
    container.clear()
    if isinstance(container, list):
        container.extend(content)
    else:
        container.update(content)


def _copied_values(values: Mapping[Any, Any]) -> dict[Any, Any]:
    return {
        attr: _copied_items(value) if isinstance(value, core.SetData) else value
        for attr, value in values.items()
    }


def _copied_items(items: Any) -> Any:
    found = core.SetData()
    found.update(items)
    found.is_fully_loaded, found.count = items.is_fully_loaded, items.count
    for name in ("added", "removed", "absent"):
        part = getattr(items, name)
        setattr(found, name, part and set(part))
    return found


def _restore_mutable(owner: Any) -> None:
    """Take documents and arrays, which may have been changed in place, from what is stored."""
    for attr, value in owner._vals_.items():
        if isinstance(value, TrackedValue) and attr in owner._dbvals_:
            stored = attr.converters[0].dbval2val(owner._dbvals_[attr], owner)
            if stored != value:
                owner._vals_[attr] = stored
