"""The triggers that keep two tables in step, read from the catalog."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from berceau.schema.model import Transfer
from berceau.schema.sql.transfers import MARK, from_text

QUERY = f"""
SELECT DISTINCT g.tgrelid, substring(p.prosrc FROM '^\\n{MARK}([0-9][^\\n]*)')
FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_proc p ON p.oid = g.tgfoid
WHERE c.relnamespace = %(schema)s::regnamespace AND p.prosrc ~ '^\\n{MARK}[0-9]'
ORDER BY 2
"""  # noqa: S608 - our own text
"""Table and transfer of each."""


def by_table(rows: Iterable[tuple[Any, ...]]) -> dict[str, tuple[Transfer, ...]]:
    """Return the transfers by the oid of their table."""
    found: dict[str, tuple[Transfer, ...]] = defaultdict(tuple)
    for table, text in rows:
        found[table] += (from_text(text),)
    return found
