"""Carries migrations out, group by group, so that the ledger always has how far one came."""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import NoReturn

import psycopg2

from berceau.errors import HistoryError, Location, MigrationError
from berceau.migration.batch_progress import BatchProgress
from berceau.migration.history import Direction, Revision, groups_of
from berceau.migration.migration import Migration
from berceau.migration.resume import resume
from berceau.migration.transaction_groups import Mode, TransactionGroup
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute
from berceau.postgres.core.session import clean_session, lock_timeout
from berceau.postgres.runner.batches import Batches
from berceau.postgres.runner.concurrent_ddl import (
    IndexBuilt,
    Trace,
    effect_of,
    waits_for_transactions,
)
from berceau.postgres.runner.dry_run import replay as replay
from berceau.postgres.runner.execution import Execution, Run, skip
from berceau.postgres.runner.failure import Failure
from berceau.postgres.runner.ledger import Ledger
from berceau.postgres.runner.lock_retry import PATIENCE, RetryPolicy, watching
from berceau.postgres.runner.progress import Report, silent
from berceau.postgres.runner.schema_guard import SchemaGuard


def apply(
    connection: Connection,
    migration: Migration,
    report: Report = silent,
    patience: RetryPolicy = PATIENCE,
    *,
    at_once: bool = False,
) -> None:
    """Run what ``migration`` has not done yet, and record each group with its work, or neither.

    The connection is in autocommit mode, its search_path names the schema, and it holds the
    deploy lock. Raises ``StatementError`` with file and line; the ledger then has how far it
    came, and a further call goes on there. Raises ``HistoryError`` where it can't. Without Citus, a
    group may be run ``at_once`` in a new schema: where a statement fails, all are run again, to
    tell which.
    """
    book = Ledger(connection)
    _Run(book, book.find(migration.name), migration, Direction.UP, report, patience, at_once).run()


def go_on(
    book: Ledger, line: Revision | None, migration: Migration, report: Report, *, at_once: bool
) -> None:
    """Do as ``apply``, where the ``line`` that the ledger has of ``migration`` is known."""
    _Run(book, line, migration, Direction.UP, report, PATIENCE, at_once).run()


def undo(
    connection: Connection,
    migration: Migration,
    report: Report = silent,
    patience: RetryPolicy = PATIENCE,
) -> None:
    """Run the ``down`` of ``migration``, and take it out of the ledger; else like ``apply``."""
    book = Ledger(connection)
    _Run(book, book.find(migration.name), migration, Direction.DOWN, report, patience).run()


def forget(connection: Connection, migration: Migration) -> None:
    """Take ``migration``, of which no statement took effect, out of the ledger.

    An INVALID index that its first statement left goes.
    """
    first = groups_of(migration, Direction.UP)[0]
    effect = effect_of(first.statements[0]) if first.mode is Mode.ALONE else None
    if effect is not None and effect.look(connection) is Trace.BROKEN:
        effect.clear(connection)
    Ledger(connection).forget(migration.name)


@dataclass
class _Run:
    """One migration on its way in one direction; the first ``done`` statements took effect.

    Of the one after them, the ``batches`` did.
    """

    ledger: Ledger
    line: Revision | None
    migration: Migration
    direction: Direction
    report: Report
    patience: RetryPolicy
    at_once: bool = False
    connection: Connection = field(init=False)
    schema_guard: SchemaGuard = field(init=False)
    groups: tuple[TransactionGroup, ...] = field(init=False)
    done: int = field(init=False)
    begun: bool = field(init=False)
    batches: BatchProgress | None = field(init=False)

    def __post_init__(self) -> None:
        self.connection = self.ledger.connection
        self.schema_guard = SchemaGuard(self.connection, self.ledger.schema)
        self.groups = groups_of(self.migration, self.direction)
        line = self.line
        self.done, self.begun = resume(line, self.migration, self.direction)
        self.batches = line.batches if line and line.direction is self.direction else None

    def run(self) -> None:
        """Carry out what is left to do."""
        self.schema_guard.require_unnamed(self.groups)
        left = [each.after(self.done) for each in self.groups if each.last > self.done]
        if self.begun:
            self._refuse_doubt(left[0])
        self.ledger.start(self.migration, self.direction, self.done, begun=self.begun)
        if not left:
            execute(self.connection, self._finishing())
            return
        with (
            watching(self.connection, self.report) as watch,
            clean_session(self.connection, self.patience.lock_seconds),
        ):
            name = self.migration.name
            execution = Execution(self.connection, watch, name, self.report, self.patience)
            try:
                execution.restore_settings(self.groups, self.done)
                for group in left:
                    self._carry_out(execution, group)
            except Failure as failure:
                self._fail(failure)

    def _carry_out(self, execution: Execution, group: TransactionGroup) -> None:
        if group.mode is Mode.ALONE:
            self._run_alone(execution, group)
        else:
            run = None if self._run_batches(execution, group) else skip
            execution.patiently(group, lambda part: self._transact(execution, part, run))
        self.done, self.begun, self.batches = group.last, False, None

    def _transact(self, execution: Execution, group: TransactionGroup, run: Run | None) -> None:
        def conclude() -> str:
            self._require_right(group)
            return self._advancing(group)

        if not (self.at_once and execution.at_once(group, conclude)):
            execution.transact(group, conclude, run)

    def _run_batches(self, execution: Execution, group: TransactionGroup) -> bool:
        """Run ``group`` in batches if it is to be; return whether to run it as it is after that."""

        def conclude(progress: BatchProgress) -> str:
            self._require_right(group)
            self.batches = progress
            return self.ledger.keeping_batches(self.migration.name, progress)

        update = group.batched
        return not update or Batches(execution, group, update, self.batches, conclude).run()

    def _require_right(self, group: TransactionGroup) -> None:
        """Refuse to take effect outside of the schema, or beside another deploy."""
        self._require_lock(group, held=self.schema_guard.is_locked_and_untouched())

    def _run_alone(self, execution: Execution, group: TransactionGroup) -> None:
        """Run the one statement of ``group``, which no transaction ties to the ledger."""
        (statement,) = group.statements
        effect = effect_of(statement)
        began = self.begun

        def attempt(_: TransactionGroup) -> None:
            nonlocal began
            trace = effect.look(self.connection) if effect else Trace.NOTHING
            if not (began and trace is Trace.DONE):
                if isinstance(effect, IndexBuilt):
                    self.schema_guard.require_ours(effect.table)
                if effect and trace is Trace.BROKEN:
                    self.report(f"{self.migration.name}: dropping an INVALID index")
                    effect.clear(self.connection)
                self._require_lock(group, held=self.ledger.holds_lock())
                if trace is not Trace.DONE:
                    self.ledger.begin(self.migration.name)
                    began = True
                execution.run_statement(group, statement)
            execute(self.connection, self._advancing(group))

        def try_it(_: TransactionGroup) -> None:
            try:
                attempt(group)
            except (psycopg2.Error, MigrationError, KeyboardInterrupt) as error:
                raise execution.failure(group, group.first, error) from error

        if waits_for_transactions(statement):
            with lock_timeout(self.connection, 0):
                execution.patiently(group, try_it)
        elif effect is not None:
            execution.patiently(group, try_it)
        else:
            try_it(group)

    def _require_lock(self, group: TransactionGroup, *, held: bool) -> None:
        """Refuse to take effect unless the lock is ``held``: this session alone may migrate."""
        if not held:
            raise HistoryError(
                f"{self.migration.name}: the deploy lock was lost; {group} didn't take effect.",
                cure="Give MIGRATION_DATABASE_URL a direct connection (no transaction pooler), and "
                "take pg_advisory_unlock_all out of the migration.",
            )

    def _advancing(self, group: TransactionGroup) -> str:
        """Return the SQL that writes down that ``group`` is done."""
        if group.last == self.groups[-1].last:
            return self._finishing()
        return self.ledger.advancing(self.migration.name, group.last)

    def _finishing(self) -> str:
        if self.direction is Direction.UP:
            return self.ledger.finishing(self.migration.name)
        return self.ledger.forgetting(self.migration.name, *self.migration.header.replaces)

    def _refuse_doubt(self, group: TransactionGroup) -> None:
        """Refuse to go on at a statement that may have taken effect, where that is unknown."""
        statement = group.statements[0]
        if effect_of(statement) is None:
            name = self.migration.name
            raise HistoryError(
                f"{name} was interrupted during statement {group.first}, and Berceau can't find "
                f"out whether that took effect:\n    {statement.text}",
                where=Location(file=group.file, line=statement.line),
                cure=f"If it did, `invoke migrate.resolve {name} --done {group.first}`, else "
                f"`--done {self.done}`. Then run the command again.",
            )

    def _fail(self, failure: Failure) -> NoReturn:
        """Write the failure down, if the server can still be told, and raise it."""
        if self.connection.closed:
            raise failure.to_error(
                self.migration.name,
                f"The connection was lost during {self.migration.name}: {failure.reason}",
                "What took effect is known: `invoke migrate.status` shows it. Run the command "
                "again to continue there.",
            ) from failure.error
        place = f"{failure.where.file and failure.where.file.name}:{failure.where.line}"
        self.ledger.fail(self.migration.name, failure.number, f"{place}: {failure.reason}")
        if not isinstance(failure.error, Exception):
            raise failure.error from None
        deed = "failed" if self.direction is Direction.UP else "could not be undone: it failed"
        total = self.groups[-1].last
        raise failure.to_error(
            self.migration.name,
            f"{self.migration.name} {deed} at statement {failure.number} of {total}: "
            f"{failure.reason}",
            self._cure(failure),
        ) from failure.error

    def _cure(self, failure: Failure) -> str:
        cure = self._next_step(failure) + failure.in_force(self.migration.name)
        if failure.is_duplicate and self.direction is Direction.UP:
            cure += (
                f" Where the database holds all that {self.migration.name} makes, as one does that "
                "was there before its migrations, let it be recorded: `invoke migrate.baseline "
                f"{self.migration.name}`."
            )
        return cure

    def _next_step(self, failure: Failure) -> str:
        left = self._left(failure.group)
        if self.done == 0 and self.batches is None:
            but = f" but {left}" if left else ""
            return f"Nothing of it was kept{but}. {failure.cure} Then run the command again."
        rest = "" if failure.group.mode is Mode.ALONE else f"; of {failure.group} nothing is"
        rest = f"; of {failure.group} {self.batches} are" if self.batches else rest
        rest = f"; what is left of the next one is {left}" if left else rest
        kept = "Statement 1 is" if self.done == 1 else f"Statements 1 to {self.done} are"
        kept = kept if self.done else "No whole statement is"
        correction = (
            f"{failure.advice} Then"
            if failure.advice
            else "Correct the file after these statements, and"
        )
        return (
            f"{kept} done{rest}. {correction} run the command again; or settle "
            f"it: `invoke migrate.resolve {self.migration.name} --applied` or `--rolled-back`."
        )

    def _left(self, group: TransactionGroup) -> str:
        """Return what the failed ``group`` left in the database, if anything."""
        if group.mode is not Mode.ALONE:
            return ""
        effect = effect_of(group.statements[0])
        with suppress(psycopg2.Error, MigrationError):  # of an index that somebody else builds
            if effect is not None and effect.look(self.connection) is Trace.BROKEN:
                return "an INVALID index, which the next run creates again"
        return ""
