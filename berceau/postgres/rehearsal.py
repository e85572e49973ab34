"""A script carried out in a scratch schema: quickly, waiting for nobody, touching nothing else."""

import re
from dataclasses import replace

import psycopg2
from psycopg2 import errorcodes
from psycopg2.extensions import connection as Connection

from berceau.errors import MigrationError
from berceau.migration.segments import Mode, Segment, outside_of_schema
from berceau.postgres.boundary import Boundary
from berceau.postgres.effects import IndexBuilt, Trace, effect_of, waits_for_transactions
from berceau.postgres.execution import Execution
from berceau.postgres.session import lock_timeout

_CONCURRENTLY = re.compile(r"\bCONCURRENTLY\b", re.IGNORECASE)
_PATIENCE_SECONDS = 1.0


class Rehearsal:
    """Runs segments in the schema that the connection's search_path names, and in no other."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.boundary = Boundary(connection)

    def run(self, execution: Execution, segment: Segment) -> None:
        """Run ``segment``; raises ``Failure``. What changes no schema is left out."""
        segment = _within_schema(segment)
        if segment.mode is Mode.ALONE:
            self._run_alone(execution, segment)
        elif not self._run_at_once(execution, segment):
            execution.patiently(
                segment, lambda part: execution.transact(part, self.boundary.require_untouched)
            )

    def _run_at_once(self, execution: Execution, segment: Segment) -> bool:
        """Run all of ``segment`` in one go, if that works; which statement fails, it can't say."""
        if segment.mode is Mode.PYTHON or any(piece.data for piece in segment.statements):
            return False
        try:
            execution.execute(
                ";\n".join((segment.begin, *(piece.text for piece in segment.statements)))
            )
            self.boundary.require_untouched()
            execution.execute("COMMIT")
        except (psycopg2.Error, MigrationError):
            if self.connection.closed:
                raise
            execution.execute("ROLLBACK")
            return False
        return True

    def _run_alone(self, execution: Execution, segment: Segment) -> None:
        (piece,) = segment.statements
        try:
            if not waits_for_transactions(piece):
                execution.execute(piece.text)
            else:
                self._run_concurrently(execution, segment)
        except (psycopg2.Error, MigrationError) as error:
            raise execution.failure(segment, segment.first, error) from error

    def _run_concurrently(self, execution: Execution, segment: Segment) -> None:
        """Run CREATE INDEX CONCURRENTLY and the like, which a long transaction may hold up.

        In a scratch schema nobody is locked out: there it can do without CONCURRENTLY.
        """
        (piece,) = segment.statements
        effect = effect_of(piece)
        if isinstance(effect, IndexBuilt):
            self.boundary.require_ours(effect.table)
        try:
            with lock_timeout(self.connection, _PATIENCE_SECONDS):
                execution.execute(piece.text)
        except psycopg2.Error as error:
            if error.pgcode not in (errorcodes.LOCK_NOT_AVAILABLE, errorcodes.DEADLOCK_DETECTED):
                raise
            if effect is not None and effect.look(self.connection) is Trace.BROKEN:
                effect.clear(self.connection, concurrently=False)
            execution.execute(_CONCURRENTLY.sub("", piece.text, count=1))


def _within_schema(segment: Segment) -> Segment:
    """Return ``segment`` without what changes the whole database; statements keep their numbers."""
    if segment.mode is Mode.PYTHON:
        return segment
    statements = (
        replace(piece, text="SELECT", head=("select",)) if outside_of_schema(piece) else piece
        for piece in segment.statements
    )
    return replace(segment, statements=tuple(statements))
