"""Default names of tables, columns and enums: snake_case of what their author wrote."""

from berceau.errors import EntityError
from berceau.orm.diagnosis import place_of
from berceau.schema.names import MAX_BYTES, snake_case

__all__ = ["default_name", "snake_case"]


def default_name(name: str, declared: type, attribute: str | None = None) -> str:
    """Return ``name``, which the class ``declared`` or its ``attribute`` leads to, in snake_case.

    Raises ``EntityError`` for one past PostgreSQL's 63 bytes: cut there, two could become one.
    """
    name = snake_case(name)
    length = len(name.encode())
    if length > MAX_BYTES:
        raise EntityError(
            f"The name {name} has {length} bytes; PostgreSQL keeps the first {MAX_BYTES}.",
            where=place_of(declared, attribute),
            cure="Shorten it; _table_, table= and column= name tables and columns explicitly.",
        )
    return name
