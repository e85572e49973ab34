"""What code and comments in the catalog say of tables: for two releases at once, and for Citus."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from berceau.postgres.citus import places
from berceau.postgres.core.fetch_together import Rows
from berceau.postgres.inspect import old_names, sync_triggers, transfers
from berceau.schema.model import Table
from berceau.schema.sql.old_names import COMMENT
from berceau.schema.sql.sync_triggers import TRIGGER
from berceau.schema.sql.transfers import PREFIX

OURS = "\n-- berceau "
"""How the code of each function behind a trigger of Berceau begins."""

PARAMETERS = {
    "trigger": TRIGGER,
    "prefix": PREFIX,
    "ours": OURS,
    "kept_name": COMMENT,
    **places.PARAMETERS,
}
"""The values in the queries."""

QUERIES = (sync_triggers.QUERY, old_names.QUERY, transfers.QUERY, places.QUERY)

Add = Callable[[str, Table], Table]
"""Takes the oid of a table and the table; returns it with what was read."""


def read(rows: Mapping[str, Rows]) -> Add:
    """Return the function that adds to a table what is in ``rows`` of the ``QUERIES``."""
    triggers = sync_triggers.by_table(rows[sync_triggers.QUERY])
    names = old_names.by_table(rows[old_names.QUERY])
    moving = transfers.by_table(rows[transfers.QUERY])
    placed = places.by_table(rows[places.QUERY])

    def add(oid: str, table: Table) -> Table:
        return replace(
            table,
            sync_trigger=triggers.get(oid),
            old_names=names.get(oid, ()),
            transfers=moving.get(oid, ()),
            distribution=placed.get(oid),
        )

    return add
