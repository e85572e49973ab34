"""A look at rows: it changes nothing, and takes a bounded time."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2

from berceau.errors import RowsError
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute
from berceau.postgres.core.own_tables import ROW

_MARK = "berceau_look"
_SETTINGS = "SET TRANSACTION READ ONLY; SET LOCAL TimeZone = 'UTC'; SET LOCAL statement_timeout = "


@contextmanager
def only_reading(connection: Connection, seconds: float) -> Iterator[None]:
    """Let each statement of the body read for ``seconds`` at most, and write nothing.

    It is a part of the transaction that is open, if one is, and sees what that wrote. Raises
    ``RowsError`` where a statement takes longer, where PostgreSQL refuses a value, and where the
    role may not read.
    """
    alone = connection.autocommit
    execute(connection, "BEGIN" if alone else f"SAVEPOINT {_MARK}")
    try:
        execute(connection, f"{_SETTINGS}{int(seconds * 1000)}")
        yield
    except psycopg2.Error as error:
        raise _explained(error, seconds) from error
    finally:
        if not connection.closed:
            undo = f"ROLLBACK TO SAVEPOINT {_MARK}; RELEASE SAVEPOINT {_MARK}"
            execute(connection, "ROLLBACK" if alone else undo)


def _explained(error: psycopg2.Error, seconds: float) -> RowsError:
    said = (error.diag.message_primary or str(error).strip()).replace(f"{ROW}.", "")
    if isinstance(error, psycopg2.errors.QueryCanceled):
        return RowsError(
            f"This took longer than {seconds:g} seconds, so it was stopped.",
            cure="Sort by the key, or filter by a column that begins an index.",
        )
    if isinstance(error, psycopg2.DataError):
        return RowsError(
            f"PostgreSQL can't read a value: {said}.", cure="Write it as its type is written."
        )
    if isinstance(error, psycopg2.errors.UndefinedFunction):
        return RowsError(
            f"PostgreSQL can't compare values of this column: {said}.",
            cure="Sort and filter by another column.",
        )
    if isinstance(error, psycopg2.errors.InsufficientPrivilege):
        return RowsError(
            f"The application's role may not read these rows: {said}.",
            cure="Grant it SELECT on the table.",
        )
    if isinstance(error, psycopg2.errors.UndefinedTable | psycopg2.errors.UndefinedColumn):
        return RowsError(
            f"The database doesn't fit the entities: {said}.", cure="Run `invoke migrate`."
        )
    return RowsError(f"PostgreSQL says: {said}.", cure="Ask for other rows.")
