"""Rows that row security hides: counts that mention them, and changes that don't reach them."""

from collections.abc import Sequence

from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.core.url import Url
from berceau.postgres.rows.rows import hides_rows
from berceau.schema.changes import Backfill, Change, DeleteRows, Recode
from berceau.schema.rename_changes import name_before
from berceau.workflows.shared.wording import counted


def counted_rows(connection: Connection, table: str, count: int) -> str:
    """Return ``count``, of rows of ``table`` that the role of ``connection`` sees, in words."""
    hidden = ", and any that row security hides" if hides_rows(connection, table) else ""
    return counted(count, "row") + hidden


def unseen(migration_url: Url, changes: Sequence[Change]) -> tuple[str, ...]:
    """Return a note on the tables with rows that ``changes`` are to write to, and may not see."""
    written = {each.table for each in changes if isinstance(each, Backfill | Recode | DeleteRows)}
    if not written:
        return ()
    with connect(migration_url) as target:
        names = {name_before(changes, table) for table in written}
        found = ", ".join(sorted(name for name in names if hides_rows(target, name)))
    if not found:
        return ()
    return (
        f"row security hides rows of {found} from the owner, and what it hides isn't changed: "
        "write ALTER TABLE ... NO FORCE ROW LEVEL SECURITY before that, and FORCE after it",
    )
