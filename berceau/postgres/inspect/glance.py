"""A look at a schema that may be migrated meanwhile: it waits for no lock."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2

from berceau.errors import LockedError
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute
from berceau.postgres.inspect import catalog
from berceau.schema.model import Schema

SECONDS = 0.5
"""How long the look may wait for a lock."""

PATIENCE = 2.0
"""How many seconds a page that shows the catalog waits for one."""

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


@contextmanager
def looking(connection: Connection) -> Iterator[None]:
    """Let the body read the catalog, and wait for no lock longer than ``PATIENCE``.

    In a transaction, that holds until its end. Raises ``LockedError``; the transaction goes on.
    """
    is_inside = not connection.autocommit
    setting = (f"{PATIENCE:g}s", is_inside)
    if is_inside:
        execute(connection, "SAVEPOINT berceau_looking")
    execute(connection, "SELECT set_config('lock_timeout', %s, %s)", setting)
    try:
        yield
    except psycopg2.errors.LockNotAvailable as error:
        if is_inside:
            execute(connection, "ROLLBACK TO SAVEPOINT berceau_looking")
        raise LockedError(
            "A table is locked by another session, perhaps by a migration.",
            cure="Wait until it ends. The console's page of activity shows who waits for whom.",
        ) from error
