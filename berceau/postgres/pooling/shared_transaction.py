"""A connection whose one transaction is never committed, and which the threads of a test share."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import cast

import psycopg2
from psycopg2 import extensions, sql
from psycopg2.extensions import TRANSACTION_STATUS_INERROR

from berceau.errors import IsolationError
from berceau.postgres.core.connection import connect, session_sql
from berceau.postgres.core.turn import Turn
from berceau.postgres.core.url import Url
from berceau.postgres.pooling.pool import found_in
from berceau.postgres.pooling.queries import ObservedConnection, Recorder

PATIENCE = 10.0
"""Seconds that a thread waits for the transaction of another one."""

_SAVE = "SAVEPOINT berceau"
_KEEP = "RELEASE SAVEPOINT berceau; SAVEPOINT berceau"
_UNDO = "ROLLBACK TO SAVEPOINT berceau"

# What DISCARD ALL does, which Pony runs after each session, but which no transaction may contain.
_RESET = """
CLOSE ALL; RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; DEALLOCATE ALL; UNLISTEN *;
SELECT pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES
"""

_DEFERRABLE = """
SELECT nspname, conname, bool_and(condeferred)
FROM pg_constraint JOIN pg_namespace n ON n.oid = connamespace
WHERE condeferrable AND nspname = ANY (%s)
GROUP BY nspname, conname ORDER BY nspname, conname
"""


class SharedConnection(ObservedConnection):
    """Looks to each thread like a connection of its own, inside of one transaction.

    ``commit`` keeps the work of the thread's own transaction for the rest of the test, and checks
    deferred constraints; ``rollback`` undoes it. One thread at a time has a transaction open; a
    statement of another one waits for its end, and sees nothing before. ``end`` undoes all.
    """

    def prepare(
        self, recorder: Recorder, patience: float, session: str, schemas: Sequence[str]
    ) -> None:
        """Make it ready for use.

        A thread waits ``patience`` seconds for another; ``session`` is the SQL that a transaction
        needs to begin with. The tables are in the ``schemas``.
        """
        self.recorder = recorder
        self.escaped = False
        self._turn = Turn(patience)
        self._here = threading.local()
        self._number = 0
        self._saved = self._loose = False
        self._inner = extensions.connection.cursor(self)
        self._inner.execute(_DEFERRABLE, ([*schemas],))
        found = self._inner.fetchall()
        super().rollback()
        later = sql.SQL(", ").join(sql.Identifier(*name) for *name, deferred in found if deferred)
        check = "SET CONSTRAINTS ALL IMMEDIATE; " if found else ""
        if later.seq:
            check += f"SET CONSTRAINTS {later.as_string(self)} DEFERRED; "
        self._commit = check + _KEEP
        self._save = "; ".join(filter(None, (session, _SAVE)))
        self._reset = "; ".join(filter(None, (_RESET, session)))

    def open(self, *, read_only: bool = False) -> None:
        """Begin a unit of work of this thread."""
        self._here.number = self._number
        self._here.autocommit = False
        self._here.read_only = read_only

    def find_in(self, path: Sequence[str] | None) -> None:
        """Let transactions of this thread find tables in ``path``, by default the URL's schema."""
        self._here.path = path

    def release(self) -> None:
        """End the unit of work of this thread: undo what it didn't commit, and what it set."""
        if self.closed or self._is_over:
            return
        self.rollback()
        if self._saved and not self.escaped and self._turn.take_now():
            try:
                self._inner.execute(self._reset)
            finally:
                self._turn.give()

    def end(self) -> None:
        """Undo what the test did; units of work that other threads still have open are void."""
        self._number += 1
        self._saved = self._loose = False
        self._turn = Turn(PATIENCE)
        if not self.closed:
            super().rollback()

    def keep(self) -> None:
        """Commit what the test did, except for transactions that are still open.

        Raises ``IsolationError`` where that can't be done.
        """
        try:
            if self._saved and not self.escaped:
                self._inner.execute(_UNDO)
            super().commit()
        except psycopg2.Error as error:
            raise IsolationError(f"The rows of this test can't be kept: {error}") from error
        self.end()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # Other threads go on with it.
        if kind is None:
            self.commit()
        else:
            self.rollback()

    @property
    def in_transaction(self) -> bool:
        """Whether this thread has a transaction open."""
        return self._turn.is_mine

    @property
    def autocommit(self) -> bool:
        """Whether each statement of this thread's unit is a transaction of its own."""
        return getattr(self._here, "autocommit", False)

    @autocommit.setter
    def autocommit(self, value: bool) -> None:
        if self._turn.is_mine:
            raise psycopg2.ProgrammingError("autocommit can't be changed inside a transaction")
        self._here.autocommit = value

    def commit(self) -> None:
        """Keep this thread's transaction until the test ends; a deferred constraint may refuse."""
        if not self._turn.is_mine:
            return
        if self.info.transaction_status == TRANSACTION_STATUS_INERROR:
            self.rollback()  # as the server does
            return
        try:
            self._boundary(_UNDO if self._here.read_only else self._commit)
        except psycopg2.Error:
            with suppress(psycopg2.Error):
                self.rollback()
            raise
        self._turn.give()

    def rollback(self) -> None:
        """Undo this thread's transaction."""
        if self._turn.is_mine:
            try:
                self._boundary(_UNDO)
            finally:
                self._turn.give()

    @contextmanager
    def statement(self) -> Iterator[None]:
        """Run the body, one statement, in this thread's turn."""
        if self._is_over:
            raise IsolationError(
                f"The thread {threading.current_thread().name} continues a unit of work of a "
                "test that has ended.",
                cure="Let the test wait for its threads.",
            )
        begins = not self._turn.is_mine
        if begins and self._turn.take():
            self._boundary(_UNDO)
        alone = self.autocommit
        try:
            if begins:
                self._begin(alone)
            yield
        except psycopg2.Error:
            if alone and not self.closed:
                self._boundary(_UNDO)
            raise
        finally:
            if alone:
                self._turn.give()

    def _begin(self, alone: bool) -> None:
        """Prepare for the first statement of a transaction."""
        if not self._saved:
            self._inner.execute(self._save)
            self._saved = True
        elif self._loose and not alone:
            # A query of its own may have called a function that writes.
            self._boundary(_KEEP)
        self._loose = alone
        path: Sequence[str] | None = getattr(self._here, "path", None)
        if path is not None:
            self._inner.execute(found_in(path))
        if self._here.read_only and not alone:
            self._inner.execute("SET TRANSACTION READ ONLY")

    @property
    def _is_over(self) -> bool:
        return getattr(self._here, "number", None) != self._number

    def _boundary(self, statements: str) -> None:
        """Run ``statements`` about the savepoint, which is there unless the test ended it."""
        gone = (
            psycopg2.errors.InvalidSavepointSpecification,
            psycopg2.errors.NoActiveSqlTransaction,
        )
        try:
            if not self.escaped:
                self._inner.execute(statements)
        except gone:
            self.escaped = True
        if self.escaped:
            raise IsolationError(
                "The test ended its transaction with SQL of its own, such as COMMIT or ROLLBACK.",
                cure="Use commit() and rollback() of pony.orm, or mark the test with "
                "@pytest.mark.commits.",
            )


def share(
    url: Url, recorder: Recorder, patience: float = PATIENCE, schemas: Sequence[str] = ()
) -> SharedConnection:
    """Return a new shared connection, to tables in the ``schemas``, by default the URL's.

    Raises ``ConnectionFailedError``.
    """
    connection = cast(SharedConnection, connect(url, kind=SharedConnection))
    session = session_sql(url, {}) if url.pooled else ""
    connection.prepare(recorder, patience, session, schemas or (url.schema,))
    return connection
