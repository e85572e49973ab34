"""Where the rows of a proof come from: the schema of a URL, and what tenants share behind it."""

from berceau.postgres.core.connection import connect
from berceau.postgres.core.url import Url
from berceau.postgres.inspect import catalog
from berceau.postgres.rows.references import Source
from berceau.schema.model import Schema
from berceau.schema.subset import outside


def row_source(migration_url: Url, current: Schema) -> Source:
    """Return the source of rows for tables that are as in ``current``."""
    stand_in = migration_url.stand_in
    if stand_in is None or migration_url.shared is None or not outside(current):
        return Source(migration_url.schema)
    with connect(migration_url, schema=stand_in) as connection:
        return Source(migration_url.schema, migration_url.shared, catalog.read(connection))
