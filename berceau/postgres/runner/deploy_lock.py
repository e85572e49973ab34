"""The lock that lets one deploy of a schema at a time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from berceau.errors import MigrationError
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.locks import holder, try_lock, unlock
from berceau.postgres.runner.progress import Report, silent

POLL_SECONDS = 0.2


def lock_name(schema: str) -> str:
    """Return the name of the lock that whoever migrates ``schema`` holds."""
    return f"deploy:{schema}"


@contextmanager
def deploy_lock(
    connection: Connection,
    schema: str,
    *,
    patience: float = 60.0,
    report: Report = silent,
) -> Iterator[None]:
    """Hold the right to migrate ``schema`` while the body runs; see ``take_deploy_lock``."""
    take_deploy_lock(connection, schema, patience=patience, report=report)
    try:
        yield
    finally:
        if not connection.closed:
            unlock(connection, lock_name(schema))


def take_deploy_lock(
    connection: Connection,
    schema: str,
    *,
    patience: float = 60.0,
    report: Report = silent,
) -> None:
    """Take the right to migrate ``schema`` for the session of ``connection``.

    The lock is polled for ``patience`` seconds and never waited on inside the server, where a
    waiting session would block CREATE INDEX CONCURRENTLY. ``report`` hears once who holds it.
    Raises ``MigrationError`` when patience ends.
    """
    name = lock_name(schema)
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
