"""The triggers by which two releases write to one table, read from the catalog."""

from collections.abc import Iterable
from typing import Any

from berceau.schema.sql.sync_triggers import MARK
from berceau.schema.sync import SyncTrigger, from_text

QUERY = f"""
SELECT g.tgrelid, p.proname, substring(p.prosrc FROM '^\\n{MARK}([^\\n]*)')
FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_proc p ON p.oid = g.tgfoid
WHERE g.tgname = %(trigger)s AND c.relnamespace = %(schema)s::regnamespace
"""  # noqa: S608 - our own text
"""Table, function and rules of each."""


def by_table(rows: Iterable[tuple[Any, ...]]) -> dict[str, SyncTrigger]:
    """Return the triggers by the oid of their table."""
    return {table: from_text(rules, name) for table, name, rules in rows if rules}
