"""Carries migrations out: each in one transaction with its line in the ledger."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from berceau.errors import Location, MigrationFileError, StatementError
from berceau.migration.script import Script
from berceau.migration.splitter import Piece, split
from berceau.postgres import ledger
from berceau.postgres.connection import transaction

# What is written in another schema would be written again by each replay in a scratch schema.
# A reference to another schema's table locks that too, when it comes or goes, without changing it.
_STRAYED = """
SELECT min(format('%I.%I', n.nspname, c.relname))
FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation'
  AND (l.mode IN ('RowExclusiveLock', 'ShareLock')
       OR l.mode = 'AccessExclusiveLock' AND c.xmin = pg_current_xact_id()::xid)
  AND n.nspname <> current_schema() AND n.nspname !~ '^pg_'
"""

TRANSACTION_CONTROL = frozenset({"abort", "begin", "commit", "end", "rollback", "start"})


def apply(connection: Connection, script: Script) -> None:
    """Run ``script`` and record it, both or neither.

    The connection is in autocommit mode, and its search_path names the schema. Raises
    ``StatementError`` with the line at fault; nothing of the script is kept then.
    """
    with _transaction(connection, script):
        run(connection, script)
        ledger.record(connection, script)


def replay(connection: Connection, scripts: Iterable[Script]) -> None:
    """Run ``scripts`` one after the other, and record nothing."""
    for script in scripts:
        with _transaction(connection, script):
            run(connection, script)


def run(connection: Connection, script: Script) -> None:
    """Run the SQL of ``script``, which may neither end its transaction nor leave its schema.

    Raises ``StatementError`` or ``MigrationFileError`` with the line at fault.
    """
    with connection.cursor() as cursor:
        path = _value(cursor, "SHOW search_path")
        pieces = _pieces(script, str(_value(cursor, "SELECT current_schema()")))
        for piece in pieces:
            try:
                _execute(cursor, piece)
            except psycopg2.Error as error:
                raise _failed(script, _message(error), _line(piece, error)) from error
        if _value(cursor, "SHOW search_path") != path:
            raise _failed(script, "it changes the search_path, which names the schema.")
        if strayed := _value(cursor, _STRAYED):
            raise _failed(script, f"it changes {strayed}, outside of its schema.")


def _pieces(script: Script, schema: str) -> tuple[Piece, ...]:
    try:
        pieces = split(script.sql)
    except MigrationFileError as error:
        error.where = _place(script, error.where.line if error.where else None)
        raise
    for piece in pieces:
        if piece.head and piece.head[0] in TRANSACTION_CONTROL:
            message = f"{piece.head[0].upper()} would split its transaction."
            raise _failed(script, message, piece.line)
        if {(schema, "."), (f'"{schema}"', ".")} & set(pairwise(piece.head)):
            message = f"it names the schema {schema}, which the database URL chooses."
            raise _failed(script, message, piece.line)
    return pieces


def _execute(cursor: Cursor, piece: Piece) -> None:
    if piece.data is None:
        cursor.execute(piece.text)
    else:
        cursor.copy_expert(piece.text, StringIO(piece.data))


def _value(cursor: Cursor, query: str) -> Any:
    cursor.execute(query)
    return cursor.fetchall()[0][0]


@contextmanager
def _transaction(connection: Connection, script: Script) -> Iterator[None]:
    """Run the body in a transaction; what is only found at its end is the script's fault too."""
    try:
        with transaction(connection):
            yield
    except psycopg2.Error as error:
        raise _failed(script, _message(error)) from error


def _failed(script: Script, message: str, line: int | None = None) -> StatementError:
    return StatementError(
        f"{script.name} failed: {message}",
        where=_place(script, line),
        cure="Nothing of it was kept. Mend what it met, and run the command again.",
    )


def _place(script: Script, line: int | None) -> Location:
    return Location(file=Path("migrations", script.name, "migration.sql"), line=line)


def _message(error: psycopg2.Error) -> str:
    detail = f" {error.diag.message_detail}" if error.diag.message_detail else ""
    return f"{error.diag.message_primary or error}{detail}"


def _line(piece: Piece, error: psycopg2.Error) -> int:
    """Return the script's line that PostgreSQL points at; without one, the statement's first."""
    position = int(error.diag.statement_position or 1)
    return piece.line + piece.text.count("\n", 0, position - 1)
