"""How an entity's objects are written: what is refused says why, and leaves them as they were."""

from typing import Any

from pony.orm import TransactionIntegrityError
from pony.orm.core import Entity

from berceau.errors import ConflictError
from berceau.orm.savepoints import note_insert

_Entity: Any = Entity  # as it is inside: its type tells what is for users


class Stored:
    """What objects of entities do beyond Pony's."""

    __slots__ = ()

    def _save_created_(self: Any) -> None:
        try:
            _Entity._save_created_(self)
        except TransactionIntegrityError as error:
            if isinstance(error.original_exc, ConflictError):
                raise error.original_exc from None
            raise
        note_insert(self)

    def _delete_(self: Any, undo_functions: list[Any] | None = None) -> None:
        place = len(undo_functions or ())
        _Entity._delete_(self, undo_functions)
        if undo_functions is not None and len(undo_functions) > place:
            # Pony undoes from the last to the first. It noted this object before those that it
            # deletes along with it, but marked it after them.
            undo_functions.append(undo_functions.pop(place))
