"""A script carried out in a scratch schema: quickly, waiting for nobody, touching nothing else."""

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
from berceau.postgres.inspect.extensions import is_about_extension, rehearsed
from berceau.postgres.runner.behind import UNDEFINED, Behind, is_careful
from berceau.postgres.runner.concurrent_ddl import (
    IndexBuilt,
    Trace,
    effect_of,
    waits_for_transactions,
)
from berceau.postgres.runner.execution import Execution, Failure
from berceau.postgres.runner.schema_guard import Boundary

_CONCURRENTLY = re.compile(r"\bCONCURRENTLY\b", re.IGNORECASE)
_PATIENCE_SECONDS = 1.0
_IN_THE_WAY = (errorcodes.LOCK_NOT_AVAILABLE, errorcodes.DEADLOCK_DETECTED)


class Rehearsal:
    """Runs segments in the schema that the connection's search_path names, and in no other."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.boundary = Boundary(connection)
        self.behind = Behind(connection)

    def begin(self) -> None:
        """Let the session find nothing but its schema, until what it set is undone."""
        execute(self.connection, f"SET search_path = {self.behind.alone}")

    def run(self, execution: Execution, segment: TransactionGroup) -> None:
        """Run ``segment``; raises ``Failure``. What changes no schema is left out."""
        segment = _within_schema(segment)
        if segment.mode is Mode.ALONE:
            self._run_alone(execution, segment)
        elif not self._run_at_once(execution, segment):
            execution.patiently(
                segment,
                lambda part: execution.transact(
                    part, self.boundary.require_untouched, partial(self._run_piece, execution)
                ),
            )

    def _run_piece(
        self, execution: Execution, segment: TransactionGroup, piece: ParsedStatement
    ) -> None:
        if is_about_extension(piece):
            execution.run_piece(segment, rehearsed(self.connection, piece))
        elif self.behind:
            self.behind.run(execution.run_piece, segment, piece)
        else:
            execution.run_piece(segment, piece)

    def _run_at_once(self, execution: Execution, segment: TransactionGroup) -> bool:
        """Run all of ``segment`` in one go, if that works; which statement fails, it can't say."""
        if segment.mode is Mode.PYTHON or any(map(self._runs_by_itself, segment.statements)):
            return False
        reaching = (self.behind.reaching,) if self.behind else ()
        texts = (piece.text for piece in segment.statements)
        try:
            execution.execute(";\n".join((segment.begin, *reaching, *texts)))
            if self.behind:
                self.behind.require_unreached()
            self.boundary.require_untouched()
            execution.execute("COMMIT")
        except (psycopg2.Error, MigrationError):
            if self.connection.closed:
                raise
            execution.execute("ROLLBACK")
            return False
        return True

    def _runs_by_itself(self, piece: ParsedStatement) -> bool:
        careful = bool(self.behind) and is_careful(piece)
        return piece.data is not None or careful or is_about_extension(piece)

    def _run_alone(self, execution: Execution, segment: TransactionGroup) -> None:
        (piece,) = segment.statements
        try:
            if waits_for_transactions(piece):
                self._run_concurrently(execution, segment)
            elif self.behind and piece.head[0] in ("call", "do"):
                self._run_block(execution, segment)
            else:
                execution.execute(piece.text)
        except (psycopg2.Error, MigrationError) as error:
            raise execution.failure(segment, segment.first, error) from error

    def _run_block(self, execution: Execution, segment: TransactionGroup) -> None:
        """Run CALL or DO, which may commit.

        What doesn't is as good in a transaction, where it finds extensions behind the schema. What
        it reached besides can be undone there, and not once it was committed.
        """
        (piece,) = segment.statements
        try:
            execution.transact(
                segment, self.boundary.require_untouched, partial(self._run_piece, execution)
            )
            return
        except Failure as failure:
            if not failure.ended_transaction:
                raise
        try:
            execution.execute(piece.text)
        except psycopg2.Error as error:
            if error.pgcode not in UNDEFINED:
                raise
            raise self.behind.out_of_reach(error) from error

    def _run_concurrently(self, execution: Execution, segment: TransactionGroup) -> None:
        """Run CREATE INDEX CONCURRENTLY and the like, which a long transaction may hold up.

        In a scratch schema nobody is locked out: there it can do without CONCURRENTLY.
        """
        (piece,) = segment.statements
        effect = effect_of(piece)
        builds = isinstance(effect, IndexBuilt)
        if isinstance(effect, IndexBuilt):
            self.boundary.require_ours(effect.table)
        with self._reaching(builds):
            try:
                with lock_timeout(self.connection, _PATIENCE_SECONDS):
                    execution.execute(piece.text)
            except psycopg2.Error as error:
                if error.pgcode not in _IN_THE_WAY:
                    raise
                if effect is not None and effect.look(self.connection) is Trace.BROKEN:
                    effect.clear(self.connection, concurrently=False)
                execution.execute(_CONCURRENTLY.sub("", piece.text, count=1))

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


def _within_schema(segment: TransactionGroup) -> TransactionGroup:
    """Return ``segment`` without what changes the whole database; statements keep their numbers."""
    if segment.mode is Mode.PYTHON:
        return segment
    statements = (
        replace(piece, text="SELECT", head=("select",)) if outside_of_schema(piece) else piece
        for piece in segment.statements
    )
    return replace(segment, statements=tuple(statements))
