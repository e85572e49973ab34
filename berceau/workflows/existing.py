"""Existing: what a database holds already of that which a new migration would make."""

from collections.abc import Sequence

from berceau.errors import HistoryError
from berceau.migration.script import Script
from berceau.postgres import catalog
from berceau.postgres.connection import Connection
from berceau.postgres.url import Url
from berceau.schema.managed import unmanaged
from berceau.workflows.cache import SchemaCache
from berceau.workflows.plan import Plan
from berceau.workflows.replay import replayed


def refuse_what_is_there(
    connection: Connection, owner: Url, scripts: Sequence[Script], found: Plan, cache: SchemaCache
) -> None:
    """Raise ``HistoryError`` where the database holds what is to be made behind ``scripts``."""
    if found.built is None:
        return
    before = replayed(owner, scripts, cache).schema
    made = {*unmanaged(found.built.schema, before)}
    there = [str(each) for each in unmanaged(catalog.read(connection), before) if each in made]
    if not there:
        return
    cure = (
        "Drop or rename what is in the way, or let `invoke migrate.adopt NAME --unmanaged` take "
        "over what no migration made."
        if scripts
        else "Let `invoke migrate.baseline NAME` record it: it writes what is there as the first "
        "migration, NAME, and runs nothing. What is lacking is for `invoke migrate` then."
    )
    raise HistoryError(
        f"The database holds already what the migration would make: {', '.join(there)}.",
        cure=f"Nothing was written. {cure}",
    )
