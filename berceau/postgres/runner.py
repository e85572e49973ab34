"""Carries migrations out: each in one transaction with its line in the ledger."""

from collections.abc import Iterable
from pathlib import Path

import psycopg2
from psycopg2.extensions import connection as Connection

from berceau.errors import Location, StatementError
from berceau.migration.script import Script
from berceau.postgres import ledger
from berceau.postgres.connection import transaction


def apply(connection: Connection, script: Script) -> None:
    """Run ``script`` and record it, both or neither.

    The connection is in autocommit mode, and its search_path names the schema. Raises
    ``StatementError`` with the line at fault; nothing of the script is kept then.
    """
    with transaction(connection):
        run(connection, script)
        ledger.record(connection, script)


def replay(connection: Connection, scripts: Iterable[Script]) -> None:
    """Run ``scripts`` one after the other, and record nothing."""
    for script in scripts:
        run(connection, script)


def run(connection: Connection, script: Script) -> None:
    """Run the SQL of ``script``; raises ``StatementError`` with the line at fault."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(script.sql)
    except psycopg2.Error as error:
        position = error.diag.statement_position
        line = script.sql[: int(position) - 1].count("\n") + 1 if position else None
        detail = f" {error.diag.message_detail}" if error.diag.message_detail else ""
        raise StatementError(
            f"{script.name} failed: {error.diag.message_primary or error}{detail}",
            where=Location(file=Path("migrations", script.name, "migration.sql"), line=line),
            cure="Nothing of it was kept. Mend what it met, and run the command again.",
        ) from error
