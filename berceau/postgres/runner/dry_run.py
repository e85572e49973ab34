"""A migration run in a scratch schema: quickly, without waiting, touching nothing else."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import psycopg2
from psycopg2 import errorcodes

from berceau.errors import MigrationError
from berceau.migration.splitter import ParsedStatement
from berceau.migration.transaction_groups import Mode, TransactionGroup, outside_of_schema
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute
from berceau.postgres.core.session import lock_timeout
from berceau.postgres.inspect.extensions import for_dry_run, is_about_extension
from berceau.postgres.runner.behind import UNDEFINED, Behind, is_careful
from berceau.postgres.runner.concurrent_ddl import (
    IndexBuilt,
    Trace,
    effect_of,
    waits_for_transactions,
)
from berceau.postgres.runner.execution import Execution, Failure
from berceau.postgres.runner.schema_guard import SchemaGuard

_CONCURRENTLY = re.compile(r"\bCONCURRENTLY\b", re.IGNORECASE)
_PATIENCE_SECONDS = 1.0
_IN_THE_WAY = (errorcodes.LOCK_NOT_AVAILABLE, errorcodes.DEADLOCK_DETECTED)


class DryRun:
    """Runs groups in the schema that the connection's search_path names, and in no other."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.schema_guard = SchemaGuard(connection)
        self.behind = Behind(connection)

    def begin(self) -> None:
        """Let the session find nothing but its schema, until what it set is undone."""
        execute(self.connection, f"SET search_path = {self.behind.alone}")

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

    def _run_at_once(self, execution: Execution, group: TransactionGroup) -> bool:
        """Return whether ``group`` could be run in one call, which doesn't show what fails."""
        if group.mode is Mode.PYTHON or any(map(self._runs_by_itself, group.statements)):
            return False
        reaching = (self.behind.reaching,) if self.behind else ()
        texts = (statement.text for statement in group.statements)
        try:
            execution.execute(";\n".join((group.begin, *reaching, *texts)))
            if self.behind:
                self.behind.require_unreached()
            self.schema_guard.require_untouched()
            execution.execute("COMMIT")
        except (psycopg2.Error, MigrationError):
            if self.connection.closed:
                raise
            execution.execute("ROLLBACK")
            return False
        return True

    def _runs_by_itself(self, statement: ParsedStatement) -> bool:
        careful = bool(self.behind) and is_careful(statement)
        return statement.data is not None or careful or is_about_extension(statement)

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
