"""One group of statements carried out on a connection: all of it, or a failure with its place."""

import io
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress

import psycopg2
from psycopg2 import errorcodes
from psycopg2.extensions import TRANSACTION_STATUS_INTRANS

from berceau.errors import BerceauError, HistoryError, Location, MigrationError, StatementError
from berceau.migration.migration import DATA
from berceau.migration.splitter import ParsedStatement
from berceau.migration.transaction_groups import Mode, TransactionGroup, changes_session
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import fetch
from berceau.postgres.runner.lock_retry import RetryPolicy, Watch
from berceau.postgres.runner.progress import Report
from berceau.postgres.runner.retyping import advice

DUPLICATE = (
    errorcodes.DUPLICATE_TABLE,
    errorcodes.DUPLICATE_OBJECT,
    errorcodes.DUPLICATE_COLUMN,
    errorcodes.DUPLICATE_FUNCTION,
    errorcodes.DUPLICATE_SCHEMA,
)
"""PostgreSQL's errors for something that exists already; views and indexes count as tables."""

PASSING = (
    errorcodes.LOCK_NOT_AVAILABLE,
    errorcodes.DEADLOCK_DETECTED,
    errorcodes.SERIALIZATION_FAILURE,
)
"""What may go well at another try."""


class Failure(Exception):  # noqa: N818 - it never leaves this room
    """Statement ``number`` of ``group`` failed; its transaction was rolled back."""

    def __init__(
        self,
        group: TransactionGroup,
        number: int,
        error: BaseException,
        blockers: str = "",
        advice: str | None = None,
    ) -> None:
        self.group = group
        self.number = number
        self.error = error
        self.blockers = blockers
        self.advice = advice
        super().__init__(self.reason)

    @property
    def passes(self) -> bool:
        """Whether another try may go well."""
        return self.sqlstate in PASSING

    @property
    def sqlstate(self) -> str | None:
        """PostgreSQL's code for what went wrong, where PostgreSQL refused the statement."""
        return self.error.pgcode if isinstance(self.error, psycopg2.Error) else None

    @property
    def is_duplicate(self) -> bool:
        """Whether it was to make what is there already."""
        return self.sqlstate in DUPLICATE

    @property
    def ended_transaction(self) -> bool:
        """Whether it was to end a transaction that isn't its own."""
        return (
            isinstance(self.error, psycopg2.Error)
            and self.error.pgcode == errorcodes.INVALID_TRANSACTION_TERMINATION
        )

    @property
    def where(self) -> Location:
        """The file and the line at fault."""
        statement = self.group.statements[self.number - self.group.first]
        line = statement.line
        if isinstance(self.error, psycopg2.Error) and self.error.diag.statement_position:
            # With advice, it is a position in the text of something else.
            position = 1 if self.advice else int(self.error.diag.statement_position)
            line += statement.text.count("\n", 0, position - 1)
        elif self.group.mode is Mode.PYTHON:
            file = str(self.group.file)
            frames = traceback.extract_tb(self.error.__traceback__)
            line = next((f.lineno or 1 for f in reversed(frames) if f.filename == file), line)
        return Location(file=self.group.file, line=line)

    @property
    def cure(self) -> str:
        """What to do about it."""
        cure = self.error.cure if isinstance(self.error, BerceauError) else self.advice
        if cure is None and self.is_duplicate:
            return "Drop or rename the existing object."
        return cure or "Correct the cause."

    @property
    def reason(self) -> str:
        """What went wrong, and who was in the way."""
        if isinstance(self.error, KeyboardInterrupt):
            return "it was interrupted"
        if isinstance(self.error, BerceauError):
            return self.error.message
        if not isinstance(self.error, psycopg2.Error):
            return f"{type(self.error).__name__}: {self.error}"
        said = self.error.diag.message_primary or str(self.error).strip()
        detail = f" {self.error.diag.message_detail}" if self.error.diag.message_detail else ""
        blockers = f" (held by {self.blockers})" if self.blockers and self.passes else ""
        return f"{said}{detail}{blockers}"

    def to_error(self, migration: str, message: str, cure: str) -> StatementError:
        """Return what a person reads of it; it is a statement of ``migration``."""
        return StatementError(
            message,
            where=self.where,
            cure=cure,
            migration=migration,
            number=self.number,
            reason=self.reason,
            sqlstate=self.sqlstate,
        )


class Execution:
    """Runs groups of the migration ``name``; ``connection`` is in autocommit mode."""

    def __init__(
        self, connection: Connection, watch: Watch, name: str, report: Report, patience: RetryPolicy
    ) -> None:
        self.connection = connection
        self.name = name
        self.report = report
        self._watch = watch
        self._patience = patience

    def execute(self, text: str) -> None:
        """Run SQL of the migration."""
        with self.connection.cursor() as cursor:
            self._watch.run(lambda: cursor.execute(text), self.name)

    def patiently(
        self, group: TransactionGroup, attempt: Callable[[TransactionGroup], None]
    ) -> None:
        """Make the ``attempt``; what a passing reason stopped is attempted again after a pause."""
        for pause in self._patience.pauses():
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
        at_the_end: Callable[[], None],
        run: Callable[[TransactionGroup, ParsedStatement], None] | None = None,
    ) -> None:
        """Run ``group`` and ``at_the_end`` in one transaction; raises ``Failure``.

        Each statement is ``run`` as ``run_statement`` does it, unless told otherwise.
        """
        run = run or self.run_statement
        number = group.first
        try:
            self.execute(group.begin)
            for number, statement in group.numbered():  # noqa: B007 - told by the failure
                run(group, statement)
            at_the_end()
            self.execute("COMMIT")
        except BaseException as error:
            self._roll_back()
            if isinstance(error, HistoryError):
                raise
            raise self.failure(group, number, error) from error

    def run_statement(self, group: TransactionGroup, statement: ParsedStatement) -> None:
        """Run one statement, the rows of a COPY, or a step in Python."""
        if group.mode is Mode.PYTHON:
            self._run_python(group, statement)
        elif statement.data is not None:
            rows = io.StringIO(statement.data)
            with self.connection.cursor() as cursor:
                self._watch.run(lambda: cursor.copy_expert(statement.text, rows), self.name)
        else:
            self.execute(statement.text)

    def failure(self, group: TransactionGroup, number: int, error: BaseException) -> Failure:
        """Return the failure of statement ``number``."""
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

    def _roll_back(self) -> None:
        # A lost connection has rolled back by itself.
        with suppress(psycopg2.Error), self.connection.cursor() as cursor:
            cursor.execute("ROLLBACK")
