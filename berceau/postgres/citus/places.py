"""Where tables are to be, by the comments that tell it, and where Citus has them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from berceau.postgres.citus.nodes import has_citus
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import fetch
from berceau.schema.placement import MARKS, Distribution

PARAMETERS = {f"{name}_mark": f"(^|\\n){mark}$" for name, mark in MARKS.items()}
"""The values in the queries."""

_TOLD = """
FROM pg_description d JOIN pg_class c ON c.oid = d.objoid
LEFT JOIN pg_attribute a ON a.attrelid = d.objoid AND a.attnum = d.objsubid AND a.attnum > 0
{more}
WHERE d.classoid = 'pg_class'::regclass AND c.relkind IN ('r', 'p')
  AND c.relnamespace = {schema}::regnamespace
  AND d.description ~ CASE d.objsubid WHEN 0 THEN %(reference_mark)s ELSE %(distribute_mark)s END
ORDER BY c.relname COLLATE "C", d.objsubid
"""

QUERY = "SELECT d.objoid, a.attname" + _TOLD.format(more="", schema="%(schema)s")
"""Table of each, and its column unless it is to be on all servers."""

_HELD = "SELECT c.relname, a.attname, p.logicalrelid IS NOT NULL, " + (
    "column_to_column_name(c.oid, p.partkey)"
    + _TOLD.format(
        more="""LEFT JOIN pg_dist_partition p ON p.logicalrelid = c.oid
                AND (p.partmethod = 'h' OR p.repmodel = 't')""",
        schema="current_schema()",
    )
)


@dataclass(frozen=True)
class Misplaced:
    """A ``table`` that is to be elsewhere than it is; ``None`` is one server."""

    table: str
    wanted: Distribution
    held: Distribution | None

    def __str__(self) -> str:
        return f"{self.table} is {self.held or 'on one server'}, and is to be {self.wanted}"


def by_table(rows: Iterable[tuple[Any, ...]]) -> dict[str, Distribution]:
    """Return where tables are to be, by their oids."""
    return {table: Distribution(column) for table, column in rows}


def misplaced(connection: Connection) -> tuple[Misplaced, ...]:
    """Return the tables of the schema that Citus has elsewhere; none where there is no Citus."""
    if not has_citus(connection):
        return ()
    found = (
        Misplaced(table, Distribution(wanted), Distribution(column) if placed else None)
        for table, wanted, placed, column in fetch(connection, _HELD, PARAMETERS)
    )
    return tuple(each for each in found if each.wanted != each.held)
