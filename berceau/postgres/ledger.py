"""The table of applied migrations, and the lock that lets one deploy at a time."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from berceau.errors import MigrationError
from berceau.migration.history import Applied
from berceau.migration.script import Script
from berceau.postgres.locks import holder, try_lock, unlock

LEDGER = "berceau_migration"
POLL_SECONDS = 0.2

_TABLE = sql.Identifier(LEDGER)

_CREATE = """
CREATE TABLE IF NOT EXISTS {table} (
    name text PRIMARY KEY,
    checksum text NOT NULL,
    script text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""

# Default privileges may have granted the runtime role all data rights at its creation.
_PROTECT = """
DO $$ DECLARE grantee text; BEGIN
    FOR grantee IN
        SELECT DISTINCT a.grantee::regrole::text
        FROM pg_class c, aclexplode(c.relacl) a
        WHERE c.oid = {name}::regclass AND a.grantee NOT IN (0, c.relowner)
    LOOP
        EXECUTE format('REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {table} FROM %s', grantee);
    END LOOP;
END $$
"""


def ensure(connection: Connection) -> None:
    """Create the ledger where it is missing; only its owner may write in it."""
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(_CREATE).format(table=_TABLE))
        cursor.execute(sql.SQL(_PROTECT).format(table=_TABLE, name=sql.Literal(LEDGER)))


def read(connection: Connection) -> tuple[Applied, ...]:
    """Return what was applied, in order of name; nothing where there is no ledger yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", (LEDGER,))
        if not cursor.fetchall()[0][0]:
            return ()
        cursor.execute(
            sql.SQL("SELECT name, checksum, applied_at FROM {} ORDER BY name").format(_TABLE)
        )
        return tuple(Applied(*row) for row in cursor.fetchall())


def read_scripts(connection: Connection) -> tuple[Script, ...]:
    """Return what was applied as it was then, in order of name, whatever the files say now.

    Migrations that another one replaced are left out where that one was recorded.
    """
    if not read(connection):
        return ()
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SELECT name, script FROM {} ORDER BY name").format(_TABLE))
        scripts = tuple(Script(*row) for row in cursor.fetchall())
    replaced = {name for script in scripts for name in script.header.replaces}
    return tuple(script for script in scripts if script.name not in replaced)


def record(connection: Connection, script: Script) -> None:
    """Write that ``script`` was applied, in the transaction that applied it."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("INSERT INTO {} (name, checksum, script) VALUES (%s, %s, %s)").format(_TABLE),
            (script.name, script.checksum, script.sql),
        )


def clear(connection: Connection) -> None:
    """Forget everything that was applied."""
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("DELETE FROM {}").format(_TABLE))


def rename(connection: Connection, name: str, script: Script) -> None:
    """Write that what was applied as ``name`` is ``script`` now."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("UPDATE {} SET name = %s, checksum = %s, script = %s WHERE name = %s").format(
                _TABLE
            ),
            (script.name, script.checksum, script.sql, name),
        )


@contextmanager
def deploy_lock(
    connection: Connection,
    schema: str,
    *,
    patience: float = 60.0,
    report: Callable[[str], None] = lambda _: None,
) -> Iterator[None]:
    """Hold the right to migrate ``schema`` while the body runs.

    The lock is polled for ``patience`` seconds and never waited on inside the server, where a
    waiting session would block CREATE INDEX CONCURRENTLY. ``report`` hears once who holds it.
    Raises ``MigrationError`` when patience ends.
    """
    name = f"deploy:{schema}"
    deadline = time.monotonic() + patience
    waiting = False
    while not try_lock(connection, name):
        who = holder(connection, name) or "a session that just ended"
        if time.monotonic() > deadline:
            raise MigrationError(
                f"Another deploy of the schema {schema} is running: {who}.",
                cure="Wait for it to end, then run the command again.",
            )
        if not waiting:
            report(f"waiting for another deploy: {who}")
            waiting = True
        time.sleep(POLL_SECONDS)
    try:
        yield
    finally:
        if not connection.closed:
            unlock(connection, name)
