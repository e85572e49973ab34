"""One group of statements carried out on a connection: all of it, or a failure with its place."""

import io
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any

import psycopg2
from psycopg2.extensions import TRANSACTION_STATUS_INTRANS

from berceau.errors import HistoryError, Location, MigrationError
from berceau.migration.migration import DATA
from berceau.migration.splitter import ParsedStatement
from berceau.migration.transaction_groups import Mode, TransactionGroup, changes_session
from berceau.postgres.citus.identities import concerns_identities, with_identities
from berceau.postgres.citus.nodes import has_citus
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute, fetch
from berceau.postgres.runner.failure import Failure
from berceau.postgres.runner.lock_retry import RetryPolicy, Watch
from berceau.postgres.runner.progress import Report

Run = Callable[[TransactionGroup, ParsedStatement], None]
"""Carries out one statement of a group."""

Conclude = Callable[[], str | None]
"""What is done at the end of a transaction; the SQL that it returns is run with the COMMIT."""


def skip(_: TransactionGroup, __: ParsedStatement) -> None:
    """Run nothing: the statement is done."""


class Execution:
    """Runs groups of the migration ``name``; ``connection`` is in autocommit mode."""

    def __init__(
        self, connection: Connection, watch: Watch, name: str, report: Report, patience: RetryPolicy
    ) -> None:
        self.connection = connection
        self.name = name
        self.report = report
        self.patience = patience
        self._watch = watch

    def execute(self, text: str) -> None:
        """Run SQL of the migration."""
        with self.connection.cursor() as cursor:
            self._watch.run(lambda: cursor.execute(text), self.name)

    def fetch(self, text: str) -> list[tuple[Any, ...]]:
        """Run SQL of the migration, and return its rows."""
        return self._watch.run(lambda: fetch(self.connection, text), self.name)

    def patiently(
        self, group: TransactionGroup, attempt: Callable[[TransactionGroup], None]
    ) -> None:
        """Make the ``attempt``; what a passing reason stopped is attempted again after a pause."""
        for pause in self.patience.pauses():
            try:
                attempt(group)
            except Failure as failure:
                if not failure.passes:
                    raise
                self.report(
                    f"{self.name}, statement {failure.number}: {failure.reason}; "
                    f"retrying in {pause:.1f} s"
                )
                time.sleep(pause)
            else:
                return
        attempt(group)

    def transact(
        self,
        group: TransactionGroup,
        conclude: Conclude,
        run: Run | None = None,
    ) -> None:
        """Run ``group``, and ``conclude``, in one transaction; raises ``Failure``.

        Each statement is ``run`` as ``run_statement`` does it, unless told otherwise.
        """
        run = run or self.run_statement
        number = group.first
        try:
            execute(self.connection, group.begin)  # it never waits: it isn't watched
            for number, statement in group.numbered():  # noqa: B007 - told by the failure
                run(group, statement)
            self._commit(conclude)
        except BaseException as error:
            self._roll_back()
            if isinstance(error, HistoryError):
                raise
            raise self.failure(group, number, error) from error

    def at_once(
        self, group: TransactionGroup, conclude: Conclude, opening: Sequence[str] = ()
    ) -> bool:
        """Do as ``transact``, with all statements in one call; return whether it went well.

        Where it didn't, or where rows or Python are between them, nothing is kept, and which
        statement failed isn't known. The ``opening`` goes before the statements.
        """
        if group.mode is not Mode.TRANSACTION or any(s.data is not None for s in group.statements):
            return False
        texts = (group.begin, *opening, *(statement.text for statement in group.statements))
        try:
            self.execute(";\n".join(texts))
            self._commit(conclude)
        except BaseException as error:
            self._roll_back()
            refused = isinstance(error, psycopg2.Error | MigrationError)
            if self.connection.closed or not refused:
                raise
            return False
        return True

    def run_statement(self, group: TransactionGroup, statement: ParsedStatement) -> None:
        """Run one statement, the rows of a COPY, or a step in Python."""
        if concerns_identities(statement.text) and self.has_citus:
            with with_identities(self.connection, statement.text):
                self._run(group, statement)
        else:
            self._run(group, statement)

    def _run(self, group: TransactionGroup, statement: ParsedStatement) -> None:
        if group.mode is Mode.PYTHON:
            self._run_python(group, statement)
        elif statement.data is not None:
            rows = io.StringIO(statement.data)
            with self.connection.cursor() as cursor:
                self._watch.run(lambda: cursor.copy_expert(statement.text, rows), self.name)
        else:
            self.execute(statement.text)

    @cached_property
    def has_citus(self) -> bool:
        """Whether the database has Citus, which refuses several changes of tables in one call."""
        return has_citus(self.connection)

    def failure(self, group: TransactionGroup, number: int, error: BaseException) -> Failure:
        """Return the failure of statement ``number``."""
        # It knows what plans changes: only a failure is worth that import.
        from berceau.postgres.runner.retyping import advice

        text = group.statements[number - group.first].text
        advised = advice(self.connection, text, error)
        return Failure(group, number, error, self._watch.blockers, advised)

    def restore_settings(self, groups: Sequence[TransactionGroup], done: int) -> None:
        """Set again what the ``done`` first statements set, for those that follow."""
        for group in groups:
            for number, statement in group.numbered():
                if number <= done and changes_session(statement):
                    self.execute(statement.text)

    def _run_python(self, group: TransactionGroup, statement: ParsedStatement) -> None:
        module: dict[str, object] = {"__name__": f"{self.name}.data", "__file__": group.file}
        before = self._transaction()
        exec(compile(statement.text, str(group.file), "exec"), module)  # noqa: S102 - reviewed code
        migrate = module.get("migrate")
        if not callable(migrate):
            raise MigrationError(
                f"{DATA} has no function migrate.",
                where=Location(file=group.file),
                cure="Write `def migrate(connection): ...`; the connection is psycopg2's.",
            )
        migrate(self.connection)
        if self._transaction() != before:
            raise MigrationError(
                f"{DATA} ended the transaction that it was given.",
                where=Location(file=group.file),
                cure="Take COMMIT and ROLLBACK out; see with your own eyes what it committed.",
            )

    def _transaction(self) -> object:
        """Identify the open transaction."""
        if self.connection.info.transaction_status != TRANSACTION_STATUS_INTRANS:
            return None
        return fetch(self.connection, "SELECT pg_current_xact_id()::text")

    def _commit(self, conclude: Conclude) -> None:
        self.execute("; ".join(filter(None, (conclude(), "COMMIT"))))

    def _roll_back(self) -> None:
        # A lost connection has rolled back by itself.
        with suppress(psycopg2.Error), self.connection.cursor() as cursor:
            cursor.execute("ROLLBACK")
