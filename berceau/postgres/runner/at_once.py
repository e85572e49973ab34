"""Statements that are no migration, all in one transaction, as a migration would run them."""

from collections.abc import Sequence

import psycopg2

from berceau.errors import StatementError
from berceau.postgres.citus.identities import concerns_identities, with_identities
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute
from berceau.postgres.core.session import clean_session
from berceau.postgres.runner.lock_retry import PATIENCE
from berceau.schema.sql import Statement


def run_at_once(connection: Connection, statements: Sequence[Statement]) -> None:
    """Run all ``statements`` or none, on a database with Citus.

    The connection is in autocommit mode. Raises ``StatementError`` with what was refused.
    """
    with clean_session(connection, PATIENCE.lock_seconds):
        try:
            execute(connection, "BEGIN")
            for each in statements:
                _run(connection, each.text)
            execute(connection, "COMMIT")
        except psycopg2.Error as error:
            if not connection.closed:
                execute(connection, "ROLLBACK")
            said = error.diag.message_primary or str(error).strip()
            detail = f" {error.diag.message_detail}" if error.diag.message_detail else ""
            raise StatementError(f"{said}{detail}", reason=said, sqlstate=error.pgcode) from error


def _run(connection: Connection, text: str) -> None:
    if concerns_identities(text):
        with with_identities(connection, text, everywhere=True):
            execute(connection, text)
    else:
        execute(connection, text)
