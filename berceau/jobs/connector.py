"""Procrastinate's way to the database: the connection of the unit of work, and its transaction."""

import json
from asyncio import to_thread
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from pony.orm import IntegrityError, ProgrammingError
from procrastinate import exceptions
from procrastinate.connector import BaseAsyncConnector, Notify
from procrastinate.manager import QUEUEING_LOCK_CONSTRAINT

from berceau.errors import DatabaseError
from berceau.orm import SHARED, db, run_unit
from berceau.orm.failures import sqlstate
from berceau.orm.unit import current_unit

Row = dict[str, Any]

UNDEFINED = {"42883", "42P01", "42703", "42704"}
"""PostgreSQL's codes for a function, a table, a column or a type that isn't there."""

JSONB = 3802
"""The number of the type ``jsonb`` in each PostgreSQL server."""


class UnitConnector(BaseAsyncConnector):
    """Runs procrastinate's queries in the unit of work, or else each in a unit of its own.

    Each asynchronous query runs in a thread: a unit belongs to its thread. Errors are those of any
    query in a unit, so that a request which may succeed when it is repeated is repeated.
    """

    def get_sync_connector(self) -> "UnitConnector":
        """Return itself."""
        return self

    def open(self, pool: Any = None) -> None:
        """Do nothing: the application has connected the database."""

    def close(self) -> None:
        """Do nothing: others use the database, too."""

    async def open_async(self, pool: Any = None) -> None:
        """Do as ``open``."""

    async def close_async(self) -> None:
        """Do as ``close``."""

    def execute_query(self, query: str, **arguments: Any) -> None:
        """Run a query that gives no rows."""
        self.execute_query_all(query, **arguments)

    def execute_query_one(self, query: str, **arguments: Any) -> Row:
        """Run a query, and return its one row. Raises ``NoResult`` where it gives none."""
        rows = self.execute_query_all(query, **arguments)
        if not rows:
            raise exceptions.NoResult
        return rows[0]

    def execute_query_all(self, query: str, **arguments: Any) -> list[Row]:
        """Run a query, and return its rows."""
        if current_unit() is None:
            # The tables are shared: a worker runs the jobs of all tenants.
            return run_unit(lambda: _execute(query, arguments), tenant=SHARED)
        with _alone(arguments):
            return _execute(query, arguments)

    async def execute_query_async(self, query: str, **arguments: Any) -> None:
        """Do as ``execute_query``, in a thread."""
        await self.execute_query_all_async(query, **arguments)

    async def execute_query_one_async(self, query: str, **arguments: Any) -> Row:
        """Do as ``execute_query_one``, in a thread."""
        _refuse_in_unit()
        return await to_thread(self.execute_query_one, query, **arguments)

    async def execute_query_all_async(self, query: str, **arguments: Any) -> list[Row]:
        """Do as ``execute_query_all``, in a thread."""
        _refuse_in_unit()
        return await to_thread(self.execute_query_all, query, **arguments)

    async def listen_notify(self, on_notification: Notify, channels: Iterable[str]) -> None:
        """Do nothing: a worker asks for new jobs from time to time."""


def _execute(query: str, arguments: Row) -> list[Row]:
    connection = db.get_connection()
    with connection.cursor() as cursor:
        try:
            db.provider.execute(
                cursor, query, {name: _plain(arguments[name]) for name in arguments}
            )
        except IntegrityError as error:
            _raise_taken_lock(error)
            raise
        except ProgrammingError as error:
            if sqlstate(error) in UNDEFINED:
                raise DatabaseError(
                    "The database has no tables for background jobs, or those of an older version.",
                    cure="Write their migration: invoke jobs.migrate. Then apply it: invoke "
                    "migrate.",
                ) from error
            raise
        if cursor.description is None:
            return []
        columns = cursor.description
        return [
            {column.name: _read(column, value) for column, value in zip(columns, row, strict=True)}
            for row in cursor.fetchall()
        ]


def _read(column: Any, value: Any) -> Any:
    """Return ``value``, with a document as Python's: Pony's connections give its text."""
    return json.loads(value) if column.type_code == JSONB and value is not None else value


def _plain(value: Any) -> Any:
    """Return ``value`` with its documents as text, which PostgreSQL reads as jsonb."""
    if isinstance(value, dict):
        return json.dumps(value)
    if isinstance(value, list | tuple):
        plain = [_plain(each) for each in value]
        return tuple(plain) if isinstance(value, tuple) else plain
    return value


def _alone(arguments: Row) -> AbstractContextManager[None]:
    """Let a job whose lock may be taken fail alone: who catches that may go on."""
    unit = current_unit()
    if unit is not None and any(job.queueing_lock for job in arguments.get("jobs", ())):
        return unit.savepoint()
    return nullcontext()


def _raise_taken_lock(error: IntegrityError) -> None:
    """Raise procrastinate's error where a job with the same queueing lock waits already."""
    diagnosis: Any = getattr(error.original_exc, "diag", None)
    if getattr(diagnosis, "constraint_name", None) == QUEUEING_LOCK_CONSTRAINT:
        _, _, lock = (diagnosis.message_detail or "").partition(")=(")
        raise exceptions.UniqueViolation(
            constraint_name=QUEUEING_LOCK_CONSTRAINT,
            queueing_lock=lock.rpartition(")")[0] or None,
        ) from error


def _refuse_in_unit() -> None:
    if current_unit() is not None:
        raise DatabaseError(
            "A job was deferred asynchronously in a unit of work: it would be committed apart from "
            "the unit.",
            cure="Call defer() instead of defer_async().",
        )
