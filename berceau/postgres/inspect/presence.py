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
SELECT kind, name, attribute, CASE WHEN c.oid IS NULL
    THEN pg_describe_object('pg_type'::regclass, t.oid, 0)
    ELSE pg_describe_object('pg_class'::regclass, c.oid, coalesce(attnum, 0)) END,
    CASE kind WHEN 'table' THEN c.relkind IN ('r', 'p') WHEN 'index' THEN c.relkind IN ('i', 'I')
        WHEN 'enum' THEN c.oid IS NULL AND t.typtype = 'e' ELSE true END
FROM named
LEFT JOIN pg_class c
    ON relnamespace = quote_ident(current_schema())::regnamespace AND relname = name
LEFT JOIN pg_type t ON typnamespace = quote_ident(current_schema())::regnamespace AND typname = name
LEFT JOIN pg_attribute a ON attrelid = c.oid AND attname = attribute AND NOT attisdropped
WHERE CASE kind WHEN 'column' THEN attnum IS NOT NULL WHEN 'table' THEN c.oid IS NOT NULL
    OR t.oid IS NOT NULL WHEN 'index' THEN c.oid IS NOT NULL ELSE t.oid IS NOT NULL END
ORDER BY kind, name, attribute
"""


class Kind(StrEnum):
    """What a name is the name of; views, indexes and types share theirs with tables."""

    TABLE = "table"
    ENUM = "enum"
    INDEX = "index"
    COLUMN = "column"


class Named(NamedTuple):
    """A table, an enum, an index, or the ``column`` of a table."""

    kind: Kind
    name: str
    column: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}{self.column and f'.{self.column}'}"


class Present(NamedTuple):
    """What ``name`` would be, and what is called so: ``holder``, as PostgreSQL describes it.

    ``alike`` is whether that is of the same kind.
    """

    name: Named
    holder: str
    alike: bool

    def __str__(self) -> str:
        return str(self.name) + ("" if self.alike else f" (its name is that of the {self.holder})")


def present(connection: Connection, names: Iterable[Named]) -> tuple[Present, ...]:
    """Return those of ``names`` that the schema of ``connection`` holds, in order."""
    wanted = tuple(names)
    values = {
        "kinds": [each.kind.value for each in wanted],
        "names": [each.name for each in wanted],
        "columns": [each.column for each in wanted],
    }
    return tuple(
        Present(Named(Kind(kind), name, column), holder, alike)
        for kind, name, column, holder, alike in fetch(connection, _PRESENT, values)
    )
