"""The sides of relations that are written nowhere: what they are, and how little they load."""

from functools import cache
from typing import Any, ClassVar

from pony.orm import core
from pony.orm.core import Entity

# As they are inside: their types tell what is for users.
_Optional: Any = core.Optional
_Set: Any = core.Set
_SetData: Any = core.SetData
_HOOKS = ("before_delete", "after_delete")
_UPDATE_HOOKS = ("before_update", "after_update")


class Made:
    """A side that is written nowhere. It is hidden unless the written side names it."""

    __slots__: ClassVar[tuple[str, ...]] = ()
    hidden: Any
    reverse: Any


class MadeOptional(Made, _Optional):
    """The side of a one-to-one relation that has no column."""

    __slots__: ClassVar[tuple[str, ...]] = ()


class MadeSet(Made, _Set):
    """The other side of a relation to one, or of a ``Set``.

    Nothing reads a hidden one but the deletion of its owner. That leaves to PostgreSQL what the
    foreign key does by itself, and loads no rows for it.
    """

    __slots__: ClassVar[tuple[str, ...]] = ()

    def __get__(self, obj: Any, cls: Any = None) -> Any:
        """Return the items, as Pony's deletion looks at them: those in memory may be enough."""
        if obj is None or not (self.hidden and is_done_by_database(self)):
            return super().__get__(obj, cls)
        return _InMemory(obj._vals_.get(self) or ())

    def __set__(self, obj: Any, new_items: Any, undo_funcs: Any = None) -> None:
        """Set the items; where the owner is deleted, only what is in memory is let go."""
        if undo_funcs is None or new_items or not (self.hidden and is_done_by_database(self)):
            super().__set__(obj, new_items, undo_funcs)
            return
        items = obj._vals_.setdefault(self, _SetData())
        was_loaded, items.is_fully_loaded = items.is_fully_loaded, True
        try:
            super().__set__(obj, new_items, undo_funcs)
        finally:
            items.is_fully_loaded = was_loaded


class _InMemory(frozenset[Any]):
    def __nonzero__(self) -> bool:
        return bool(self)


def is_hidden(attribute: Any) -> bool:
    """Return whether ``attribute`` is a side that no code has a name for."""
    return isinstance(attribute, Made) and bool(attribute.hidden)


@cache
def is_done_by_database(side: Any) -> bool:
    """Return whether PostgreSQL does to the items of ``side`` what the deletion of its owner asks.

    It does where no hook of an entity has to run, and where nothing that it would delete is held
    by a foreign key that refuses: Pony sees that first.
    """
    return _is_done_by_database(side, frozenset())


def _is_done_by_database(side: Any, seen: frozenset[Any]) -> bool:
    reverse = side.reverse
    if reverse.is_collection or side in seen:
        return True
    entities = (reverse.entity, *reverse.entity._subclasses_)
    if not side.cascade_delete:
        return not (reverse.is_required or _have(entities, _UPDATE_HOOKS))
    return (
        not _have(entities, _HOOKS)
        and all(
            _is_done_by_database(each, seen | {side})
            for entity in entities
            for each in entity._new_attrs_ + entity._base_attrs_
            if each.reverse and not each.columns
        )
        and not any(
            each.cascade_delete for entity in entities for each in entity._attrs_ if each.columns
        )
    )


def _have(entities: tuple[Any, ...], hooks: tuple[str, ...]) -> bool:
    return any(
        getattr(each, hook) is not getattr(Entity, hook) for each in entities for hook in hooks
    )
