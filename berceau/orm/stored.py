"""How an entity's objects are written: an insert that is refused says why in Berceau's words."""

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
