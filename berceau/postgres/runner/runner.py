"""Carries migrations out, segment by segment, so that the ledger always says how far one came."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NoReturn

import psycopg2

from berceau.errors import HistoryError, Location, MigrationError
from berceau.migration.history import Direction
from berceau.migration.migration import Migration
from berceau.migration.resume import resume, segments_of
from berceau.migration.transaction_groups import Mode, TransactionGroup
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.session import clean_session, lock_timeout
from berceau.postgres.runner.concurrent_ddl import (
    IndexBuilt,
    Trace,
    effect_of,
    waits_for_transactions,
)
from berceau.postgres.runner.dry_run import Rehearsal
from berceau.postgres.runner.execution import Execution, Failure
from berceau.postgres.runner.ledger import Ledger
from berceau.postgres.runner.lock_retry import RetryPolicy, watching
from berceau.postgres.runner.progress import Report, silent
from berceau.postgres.runner.schema_guard import Boundary

PATIENCE = RetryPolicy()


def apply(
    connection: Connection,
    script: Migration,
    report: Report = silent,
    patience: RetryPolicy = PATIENCE,
) -> None:
    """Run what ``script`` has not done yet, and record each segment with its work, or neither.

    The connection is in autocommit mode, its search_path names the schema, and it holds the
    deploy lock. Raises ``StatementError`` with file and line; the ledger then says how far it
    came, and a further call goes on there. Raises ``HistoryError`` where it can't.
    """
    _Run(connection, script, Direction.UP, report, patience).run()


def undo(
    connection: Connection,
    script: Migration,
    report: Report = silent,
    patience: RetryPolicy = PATIENCE,
) -> None:
    """Run the down script of ``script``, and take it out of the ledger; else like ``apply``."""
    _Run(connection, script, Direction.DOWN, report, patience).run()


def forget(connection: Connection, script: Migration) -> None:
    """Take ``script``, of which no statement took effect, out of the ledger.

    An INVALID index that its first statement left goes.
    """
    first = segments_of(script, Direction.UP)[0]
    effect = effect_of(first.statements[0]) if first.mode is Mode.ALONE else None
    if effect is not None and effect.look(connection) is Trace.BROKEN:
        effect.clear(connection)
    Ledger(connection).forget(script.name)


def replay(connection: Connection, scripts: Iterable[Migration]) -> None:
    """Run ``scripts`` one after the other in a scratch schema, and record nothing.

    Segments are those of ``apply``. Raises ``StatementError`` with file and line.
    """
    rehearsal = Rehearsal(connection)
    for script in scripts:
        _replay(rehearsal, script)


def _replay(rehearsal: Rehearsal, script: Migration) -> None:
    connection = rehearsal.connection
    with (
        watching(connection, silent) as watch,
        clean_session(connection, PATIENCE.lock_seconds),
    ):
        execution = Execution(connection, watch, script.name, silent, PATIENCE)
        rehearsal.boundary.require_unnamed(script.segments)
        rehearsal.begin()
        try:
            for segment in script.segments:
                rehearsal.run(execution, segment)
        except Failure as failure:
            if not isinstance(failure.error, Exception):
                raise failure.error from None
            raise failure.to_error(
                script.name,
                f"{script.name} failed at statement {failure.number}: {failure.reason}",
                f"This was a dry run: nothing was kept. {failure.cure}",
            ) from failure.error


@dataclass
class _Run:
    """One script on its way in one direction; the first ``done`` statements took effect."""

    connection: Connection
    script: Migration
    direction: Direction
    report: Report
    patience: RetryPolicy
    ledger: Ledger = field(init=False)
    boundary: Boundary = field(init=False)
    segments: tuple[TransactionGroup, ...] = field(init=False)
    done: int = field(init=False)
    begun: bool = field(init=False)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.connection)
        self.boundary = Boundary(self.connection)
        self.segments = segments_of(self.script, self.direction)
        line = self.ledger.find(self.script.name)
        self.done, self.begun = resume(line, self.script, self.direction)

    def run(self) -> None:
        """Carry out what is left to do."""
        self.boundary.require_unnamed(self.segments)
        left = [each.after(self.done) for each in self.segments if each.last > self.done]
        if self.begun:
            self._refuse_doubt(left[0])
        self.ledger.start(self.script, self.direction, self.done, begun=self.begun)
        if not left:
            self._finish()
            return
        with (
            watching(self.connection, self.report) as watch,
            clean_session(self.connection, self.patience.lock_seconds),
        ):
            execution = Execution(
                self.connection, watch, self.script.name, self.report, self.patience
            )
            try:
                execution.restore_settings(self.segments, self.done)
                for segment in left:
                    self._carry_out(execution, segment)
            except Failure as failure:
                self._fail(failure)

    def _carry_out(self, execution: Execution, segment: TransactionGroup) -> None:
        if segment.mode is Mode.ALONE:
            self._run_alone(execution, segment)
        else:
            execution.patiently(
                segment, lambda part: execution.transact(part, lambda: self._conclude(part))
            )
        self.done = segment.last
        self.begun = False

    def _conclude(self, segment: TransactionGroup) -> None:
        self.boundary.require_untouched()
        self._require_lock(segment)
        self._advance(segment)

    def _run_alone(self, execution: Execution, segment: TransactionGroup) -> None:
        """Run the one statement of ``segment``, which no transaction ties to the ledger."""
        (piece,) = segment.statements
        effect = effect_of(piece)
        began = self.begun

        def attempt(_: TransactionGroup) -> None:
            nonlocal began
            trace = effect.look(self.connection) if effect else Trace.NOTHING
            if not (began and trace is Trace.DONE):
                if isinstance(effect, IndexBuilt):
                    self.boundary.require_ours(effect.table)
                if effect and trace is Trace.BROKEN:
                    self.report(f"{self.script.name}: dropping an INVALID index")
                    effect.clear(self.connection)
                self._require_lock(segment)
                if trace is not Trace.DONE:
                    self.ledger.begin(self.script.name)
                    began = True
                execution.run_piece(segment, piece)
            self._advance(segment)

        def try_it(_: TransactionGroup) -> None:
            try:
                attempt(segment)
            except (psycopg2.Error, MigrationError, KeyboardInterrupt) as error:
                raise execution.failure(segment, segment.first, error) from error

        if waits_for_transactions(piece):
            with lock_timeout(self.connection, 0):
                execution.patiently(segment, try_it)
        elif effect is not None:
            execution.patiently(segment, try_it)
        else:
            try_it(segment)

    def _require_lock(self, segment: TransactionGroup) -> None:
        """Refuse to take effect unless this session is still the only one to migrate."""
        if not self.ledger.holds_lock():
            raise HistoryError(
                f"{self.script.name}: the deploy lock was lost; {segment} didn't take effect.",
                cure="Give MIGRATION_DATABASE_URL a direct connection (no transaction pooler), and "
                "take pg_advisory_unlock_all out of the migration.",
            )

    def _advance(self, segment: TransactionGroup) -> None:
        """Write down that ``segment`` is done."""
        if segment.last == self.segments[-1].last:
            self._finish()
        else:
            self.ledger.advance(self.script.name, segment.last)

    def _finish(self) -> None:
        if self.direction is Direction.UP:
            self.ledger.finish(self.script.name)
        else:
            self.ledger.forget(self.script.name)

    def _refuse_doubt(self, segment: TransactionGroup) -> None:
        """Refuse to go on at a statement that may have taken effect, where nothing tells."""
        piece = segment.statements[0]
        if effect_of(piece) is None:
            name = self.script.name
            raise HistoryError(
                f"{name} was interrupted during statement {segment.first}, and Berceau can't find "
                f"out whether that took effect:\n    {piece.text}",
                where=Location(file=segment.file, line=piece.line),
                cure=f"If it did, `invoke migrate.resolve {name} --done {segment.first}`, else "
                f"`--done {self.done}`. Then run the command again.",
            )

    def _fail(self, failure: Failure) -> NoReturn:
        """Write the failure down, if the server can still be told, and raise it."""
        if self.connection.closed:
            raise failure.to_error(
                self.script.name,
                f"The connection was lost during {self.script.name}: {failure.reason}",
                "What took effect is known: `invoke migrate.status` shows it. Run the command "
                "again to continue there.",
            ) from failure.error
        place = f"{failure.where.file and failure.where.file.name}:{failure.where.line}"
        self.ledger.fail(self.script.name, failure.number, f"{place}: {failure.reason}")
        if not isinstance(failure.error, Exception):
            raise failure.error from None
        deed = "failed" if self.direction is Direction.UP else "could not be undone: it failed"
        total = self.segments[-1].last
        raise failure.to_error(
            self.script.name,
            f"{self.script.name} {deed} at statement {failure.number} of {total}: {failure.reason}",
            self._cure(failure),
        ) from failure.error

    def _cure(self, failure: Failure) -> str:
        cure = self._next_step(failure)
        if failure.is_duplicate and self.direction is Direction.UP:
            cure += (
                f" Where the database holds all that {self.script.name} makes, as one does that was"
                " there before its migrations, let it be recorded: `invoke migrate.baseline "
                f"{self.script.name}`."
            )
        return cure

    def _next_step(self, failure: Failure) -> str:
        left = self._left(failure.segment)
        if self.done == 0:
            but = f" but {left}" if left else ""
            return f"Nothing of it was kept{but}. {failure.cure} Then run the command again."
        kept = "Statement 1 is" if self.done == 1 else f"Statements 1 to {self.done} are"
        rest = "" if failure.segment.mode is Mode.ALONE else f"; of {failure.segment} nothing is"
        rest = f"; what is left of the next one is {left}" if left else rest
        correction = (
            f"{failure.advice} Then"
            if failure.advice
            else "Correct the file after these statements, and"
        )
        return (
            f"{kept} done{rest}. {correction} run the command again; or settle "
            f"it: `invoke migrate.resolve {self.script.name} --applied` or `--rolled-back`."
        )

    def _left(self, segment: TransactionGroup) -> str:
        """Return what the failed ``segment`` left in the database, if anything."""
        if segment.mode is not Mode.ALONE:
            return ""
        effect = effect_of(segment.statements[0])
        with suppress(psycopg2.Error, MigrationError):  # of an index that somebody else builds
            if effect is not None and effect.look(self.connection) is Trace.BROKEN:
                return "an INVALID index, which the next run creates again"
        return ""
