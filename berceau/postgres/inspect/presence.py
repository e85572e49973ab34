"""Which of some names a schema holds, without reading all of it."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import fetch

_PRESENT = """
WITH named (kind, name, attribute) AS (
    SELECT * FROM unnest(%(kinds)s::text[], %(names)s::text[], %(columns)s::text[])
)
SELECT kind, name, attribute FROM named
WHERE CASE kind WHEN 'column' THEN EXISTS (
    SELECT FROM pg_attribute
    WHERE attrelid = to_regclass(format('%%I.%%I', current_schema(), name))
      AND attname = attribute AND NOT attisdropped
) ELSE EXISTS (
    SELECT FROM pg_type  -- a table has one, too
    WHERE typnamespace = current_schema()::regnamespace AND typname = name
) OR (kind = 'table' AND to_regclass(format('%%I.%%I', current_schema(), name)) IS NOT NULL) END
ORDER BY kind, name, attribute
"""


class Kind(StrEnum):
    """What a name is the name of; views, indexes and types share theirs with tables."""

    TABLE = "table"
    ENUM = "enum"
    COLUMN = "column"


class Named(NamedTuple):
    """A table, an enum, or the ``column`` of a table."""

    kind: Kind
    name: str
    column: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}{self.column and f'.{self.column}'}"


def present(connection: Connection, names: Iterable[Named]) -> tuple[Named, ...]:
    """Return those of ``names`` that the schema of ``connection`` holds, in order."""
    wanted = tuple(names)
    values = {
        "kinds": [each.kind.value for each in wanted],
        "names": [each.name for each in wanted],
        "columns": [each.column for each in wanted],
    }
    return tuple(Named(Kind(kind), *rest) for kind, *rest in fetch(connection, _PRESENT, values))
