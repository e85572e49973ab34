"""A migration run in a scratch schema: quickly, without waiting, touching nothing else."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import psycopg2
from psycopg2 import errorcodes

from berceau.errors import MigrationError
from berceau.migration.batches import BatchedUpdate
from berceau.migration.migration import Migration
from berceau.migration.splitter import ParsedStatement
from berceau.migration.transaction_groups import Mode, TransactionGroup, outside_of_schema
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute, fetch_value
from berceau.postgres.core.session import clean_session, lock_timeout
from berceau.postgres.inspect.extensions import for_dry_run, is_about_extension
from berceau.postgres.runner.behind import UNDEFINED, Behind, is_careful
from berceau.postgres.runner.concurrent_ddl import (
    IndexBuilt,
    Trace,
    effect_of,
    waits_for_transactions,
)
from berceau.postgres.runner.execution import Execution
from berceau.postgres.runner.failure import Failure
from berceau.postgres.runner.lock_retry import PATIENCE, RetryPolicy, watching
from berceau.postgres.runner.progress import silent
from berceau.postgres.runner.row_ranges import ranges_of
from berceau.postgres.runner.schema_guard import SchemaGuard

_CONCURRENTLY = re.compile(r"\bCONCURRENTLY\b", re.IGNORECASE)
_PATIENCE_SECONDS = 1.0
_IN_THE_WAY = (errorcodes.LOCK_NOT_AVAILABLE, errorcodes.DEADLOCK_DETECTED)


def replay(connection: Connection, migrations: Iterable[Migration]) -> None:
    """Run ``migrations`` one after the other in a scratch schema, and record nothing.

    The groups are those of a deploy. Raises ``StatementError`` with file and line.
    """
    dry_run = DryRun(connection)
    for migration in migrations:
        dry_run.replay(migration, PATIENCE)


class DryRun:
    """Runs groups in the schema that the connection's search_path names, and in no other."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        schema = fetch_value(connection, "SELECT current_schema()")
        self.schema_guard = SchemaGuard(connection, schema)
        self.behind = Behind(connection)

    def begin(self) -> None:
        """Let the session find nothing but its schema, until what it set is undone."""
        execute(self.connection, f"SET search_path = {self.behind.alone}")

    def replay(self, migration: Migration, patience: RetryPolicy) -> None:
        """Run all of ``migration``; raises ``StatementError`` with file and line."""
        connection, name = self.connection, migration.name
        with (
            watching(connection, silent) as watch,
            clean_session(connection, patience.lock_seconds),
        ):
            execution = Execution(connection, watch, name, silent, patience)
            self.schema_guard.require_unnamed(migration.groups)
            self.begin()
            try:
                for group in migration.groups:
                    self.run(execution, group)
            except Failure as failure:
                if not isinstance(failure.error, Exception):
                    raise failure.error from None
                raise failure.to_error(
                    name,
                    f"{name} failed at statement {failure.number}: {failure.reason}",
                    f"This was a dry run: nothing was kept. {failure.cure}",
                ) from failure.error

    def run(self, execution: Execution, group: TransactionGroup) -> None:
        """Run ``group``; raises ``Failure``. What changes no schema is left out."""
        group = _within_schema(group)
        if group.mode is Mode.ALONE:
            self._run_alone(execution, group)
        elif not self._run_at_once(execution, group):
            execution.patiently(
                group,
                lambda part: execution.transact(
                    part,
                    self.schema_guard.require_untouched,
                    partial(self._run_statement, execution),
                ),
            )

    def _run_statement(
        self, execution: Execution, group: TransactionGroup, statement: ParsedStatement
    ) -> None:
        if is_about_extension(statement):
            execution.run_statement(group, for_dry_run(self.connection, statement))
        elif self.behind:
            self.behind.run(execution.run_statement, group, statement)
        else:
            execution.run_statement(group, statement)
        if group.batched is not None:
            self._explain(execution, group, group.batched)

    def _explain(
        self, execution: Execution, group: TransactionGroup, update: BatchedUpdate
    ) -> None:
        """Let PostgreSQL read the statement as it is where its table is large."""
        ranges = ranges_of(self.connection, update)
        if isinstance(ranges, str):
            return  # a deploy runs it as it is
        text = f"EXPLAIN {update.within(ranges.sql((), None))}"
        statement = replace(group.statements[0], text=text, head=("explain",))
        try:
            self._run_statement(execution, replace(group, batched=None), statement)
        except psycopg2.Error as error:
            raise MigrationError(
                f"it can't be carried out in batches: {error.diag.message_primary}",
                cure="Remove the comment `-- Batches` above it.",
            ) from error

    def _run_at_once(self, execution: Execution, group: TransactionGroup) -> bool:
        """Return whether ``group`` could be run in one call, which doesn't show what fails."""
        if any(map(self._runs_by_itself, group.statements)):
            return False
        reaching = (self.behind.reaching,) if self.behind else ()

        def right() -> None:
            if self.behind:
                self.behind.require_unreached()
            self.schema_guard.require_untouched()

        return execution.at_once(group, right, reaching)

    def _runs_by_itself(self, statement: ParsedStatement) -> bool:
        careful = bool(self.behind) and is_careful(statement)
        return careful or is_about_extension(statement)

    def _run_alone(self, execution: Execution, group: TransactionGroup) -> None:
        (statement,) = group.statements
        try:
            if waits_for_transactions(statement):
                self._run_concurrently(execution, group)
            elif self.behind and statement.head[0] in ("call", "do"):
                self._run_block(execution, group)
            else:
                execution.execute(statement.text)
        except (psycopg2.Error, MigrationError) as error:
            raise execution.failure(group, group.first, error) from error

    def _run_block(self, execution: Execution, group: TransactionGroup) -> None:
        """Run CALL or DO, which may commit.

        What doesn't is as good in a transaction, where it finds extensions behind the schema. What
        it reached besides can be undone there, and not once it was committed.
        """
        (statement,) = group.statements
        try:
            execution.transact(
                group, self.schema_guard.require_untouched, partial(self._run_statement, execution)
            )
            return
        except Failure as failure:
            if not failure.ended_transaction:
                raise
        try:
            execution.execute(statement.text)
        except psycopg2.Error as error:
            if error.pgcode not in UNDEFINED:
                raise
            raise self.behind.out_of_reach(error) from error

    def _run_concurrently(self, execution: Execution, group: TransactionGroup) -> None:
        """Run CREATE INDEX CONCURRENTLY and the like, which a long transaction may hold up.

        In a scratch schema it locks no others out: there it can do without CONCURRENTLY.
        """
        (statement,) = group.statements
        effect = effect_of(statement)
        builds = isinstance(effect, IndexBuilt)
        if isinstance(effect, IndexBuilt):
            self.schema_guard.require_ours(effect.table)
        with self._reaching(builds):
            try:
                with lock_timeout(self.connection, _PATIENCE_SECONDS):
                    execution.execute(statement.text)
            except psycopg2.Error as error:
                if error.pgcode not in _IN_THE_WAY:
                    raise
                if effect is not None and effect.look(self.connection) is Trace.BROKEN:
                    effect.clear(self.connection, concurrently=False)
                execution.execute(_CONCURRENTLY.sub("", statement.text, count=1))

    @contextmanager
    def _reaching(self, wanted: bool) -> Iterator[None]:
        """Let the body find extensions, if that is ``wanted``: its table is known to be ours."""
        path = self.behind.whole if wanted else self.behind.alone
        with self.connection.cursor() as cursor:
            cursor.execute(f"SET search_path = {path}")
            try:
                yield
            finally:
                if not self.connection.closed:
                    cursor.execute(f"SET search_path = {self.behind.alone}")


def _within_schema(group: TransactionGroup) -> TransactionGroup:
    """Return ``group`` without what changes the whole database; statements keep their numbers."""
    if group.mode is Mode.PYTHON:
        return group
    statements = (
        replace(statement, text="SELECT", head=("select",))
        if outside_of_schema(statement)
        else statement
        for statement in group.statements
    )
    return replace(group, statements=tuple(statements))
