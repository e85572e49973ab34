"""The key of an object as one text, for addresses and forms."""

from collections.abc import Sequence
from urllib.parse import quote, unquote

from berceau.errors import RowsError
from berceau.orm.fields import EntityFields
from berceau.text import is_storable


def write_key(parts: Sequence[str]) -> str:
    """Return a key as text: as it is, or of several columns with a comma between them."""
    return parts[0] if len(parts) == 1 else ",".join(quote(each, safe=" ") for each in parts)


def read_key(entity: EntityFields, text: str) -> tuple[str, ...]:
    """Return the values of the key columns that ``text`` stands for.

    Raises ``RowsError`` where it can't be a key of ``entity``.
    """
    parts = (text,) if len(entity.key) == 1 else tuple(map(unquote, text.split(",")))
    if len(parts) != len(entity.key) or not all(map(is_storable, parts)):
        raise RowsError(
            f"“{text}” is no key of {entity.name}, which has the columns {', '.join(entity.key)}.",
            cure="Choose the object from a list.",
        )
    return parts
