"""Which rows refer to which others, and where they are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from psycopg2 import sql

from berceau.schema.model import EMPTY, Schema

PASSES = 20
"""How many steps from row to row references are followed; what leads further stays behind."""


@dataclass(frozen=True)
class Reference:
    """Columns of a table that point at columns of ``target``."""

    table: str
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """The ``schema`` that rows come from; those of a tenant refer to rows of ``shared``.

    ``tables`` are what a dry run has in the place of that.
    """

    schema: str
    shared: str = ""
    tables: Schema = EMPTY

    @property
    def schemas(self) -> list[str]:
        """All schemas that it reads."""
        return [name for name in (self.schema, self.shared) if name]

    def is_shared(self, table: str) -> bool:
        """Return whether ``table`` is one that tenants share."""
        return any(each.name == table for each in self.tables.tables)

    def of(self, table: str) -> sql.Identifier:
        """Return the name of ``table`` in its schema."""
        return sql.Identifier(self.shared if self.is_shared(table) else self.schema, table)


def references(schema: Schema) -> Iterator[Reference]:
    """Yield the columns that the foreign keys of ``schema`` link."""
    for table in schema.tables:
        for key in table.foreign_keys:
            yield Reference(table.name, key.columns, key.target, key.target_columns)


def closure(tables: Sequence[str], refer: Sequence[Reference]) -> set[str]:
    """Return ``tables`` and all that they refer to, directly or not."""
    found, new = set(), set(tables)
    while new:
        found |= new
        new = {each.target for each in refer if each.table in found} - found
    return found
