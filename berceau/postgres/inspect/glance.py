"""A look at a schema that may be migrated meanwhile: it waits for no lock."""

import psycopg2

from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute
from berceau.postgres.inspect import catalog
from berceau.schema.model import Schema

SECONDS = 0.5
"""How long the look may wait for a lock."""

GONE = (psycopg2.errors.UndefinedTable, psycopg2.errors.InternalError_)
"""What functions of the catalog raise of a table that another session dropped meanwhile."""


def glance(connection: Connection) -> Schema | None:
    """Return what ``catalog.read`` does, None where a lock is in the way or a table just went.

    The transaction of ``connection`` ends with it.
    """
    execute(connection, "SELECT set_config('lock_timeout', %s, true)", (f"{SECONDS:g}s",))
    try:
        return catalog.read(connection)
    except (psycopg2.errors.LockNotAvailable, *GONE):
        return None
    finally:
        connection.rollback()
