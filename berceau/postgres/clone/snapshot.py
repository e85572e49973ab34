"""One state of a schema to read: a snapshot, and another one where others altered it meanwhile."""

import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from berceau.errors import CloneError, PermissionMissingError
from berceau.postgres.clone.objects import Contents, find_contents
from berceau.postgres.clone.session import PLAIN_SESSION
from berceau.postgres.clone.stamp import stamp_of

Result = TypeVar("Result")

BUSY_SECONDS = 30.0
"""For how long a state is looked for that nobody alters while it is read."""
WAIT = "50ms"
"""How long to wait for a lock while holding others. PostgreSQL looks for deadlocks after a second:
who waits shorter is never the reason that another session is ended as one's victim."""

# What pg_dump locks, as far as the role may. Locks are few, and everybody's.
_LOCKABLE = """
SELECT string_agg(c.oid::regclass::text, ', ' ORDER BY c.oid)
FROM unnest(:relations) r (oid) JOIN pg_class c ON c.oid = r.oid
WHERE relkind IN ('r', 'p') AND has_table_privilege(c.oid, 'SELECT')
HAVING count(*) < current_setting('max_locks_per_transaction')::int
                * current_setting('max_connections')::int / 2
"""

# Who holds or waits for a lock that no reader gets past, or else who is altering anything.
_BUSY = """
SELECT DISTINCT format('process %%s%%s: %%s', pid, ' (' || nullif(application_name, '') || ')',
                       left(coalesce(query, '?'), 200)), held
FROM pg_stat_activity a
LEFT JOIN LATERAL (
    SELECT true AS held FROM pg_locks l
    WHERE l.pid = a.pid AND mode = 'AccessExclusiveLock' AND locktype = 'relation'
      AND relation = ANY (%(relations)s) LIMIT 1
) locks ON true
WHERE datname = current_database() AND pid <> pg_backend_pid()
  AND (held OR backend_xid IS NOT NULL)
ORDER BY held NULLS LAST, 1
LIMIT 5
"""


@dataclass(frozen=True)
class Snapshot:
    """A schema as it was at one moment: its name, and what it is called in the transaction."""

    cursor: Cursor
    source: str
    token: str
    contents: Contents

    @property
    def version(self) -> int:
        """The server's version, as in ``server_version_num``."""
        return int(self.cursor.connection.server_version)


def read_whole(connection: Connection, source: str, read: Callable[[Snapshot], Result]) -> Result:
    """Return what ``read`` returns of one state of the schema ``source``.

    PostgreSQL prints expressions by what is there at the moment, not by what the transaction sees.
    So what was read counts only if nothing of it was altered meanwhile; otherwise the next attempt
    locks the tables. The connection is in autocommit mode. Raises ``CloneError``, also where others
    are in the way all the time.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    lock = False
    with connection.cursor() as cursor:
        while True:
            attempt = _Attempt(cursor, source, lock=lock)
            try:
                result = attempt.run(read)
            except (psycopg2.Error, CloneError):
                if connection.closed or not attempt.is_torn():
                    raise
            else:
                if not attempt.is_torn():
                    return result
            if time.monotonic() > deadline:
                raise attempt.busy()
            lock = not attempt.locked_out
            time.sleep(random.uniform(0.01, 0.05))  # noqa: S311 - no secret


def _find(cursor: Cursor, source: str) -> int:
    cursor.execute("SELECT oid FROM pg_namespace WHERE nspname = %s", (source,))
    row = cursor.fetchone()
    if row is None:
        raise CloneError(
            f"The database {cursor.connection.info.dbname!r} has no schema {source!r}.",
            cure="Correct the name: it is taken as it is, upper and lower case included.",
        )
    return int(row[0])


class _Attempt:
    """One transaction in which the schema is renamed and read, and which is rolled back."""

    def __init__(self, cursor: Cursor, source: str, *, lock: bool) -> None:
        self.cursor, self.source, self.lock = cursor, source, lock
        self.contents = Contents(0)
        self.stamp = ""
        self.locked_out = False

    def run(self, read: Callable[[Snapshot], Result]) -> Result:
        """Return what ``read`` returns."""
        cursor = self.cursor
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        try:
            cursor.execute(PLAIN_SESSION)
            self.contents = find_contents(cursor, _find(cursor, self.source))
            self.stamp = stamp_of(cursor, self.contents)
            token = f"berceau_{secrets.token_hex(16)}"
            self._rename(token)
            cursor.execute("SET LOCAL lock_timeout = %s", (WAIT,))
            if self.lock:
                self._lock()
            return read(Snapshot(cursor, self.source, token, self.contents))
        except (psycopg2.errors.LockNotAvailable, psycopg2.errors.DeadlockDetected):
            self.locked_out = True
            raise
        finally:
            if not cursor.connection.closed:
                cursor.execute("ROLLBACK")

    def is_torn(self) -> bool:
        """Say whether what was seen isn't any more as it was, or couldn't be seen."""
        if self.locked_out:
            return True
        return bool(self.stamp) and stamp_of(self.cursor, self.contents) != self.stamp

    def busy(self) -> CloneError:
        """Return the error that names who is in the way."""
        self.cursor.execute(_BUSY, {"relations": list(self.contents.relations)})
        who = "".join(f"\n    {text}" for text, _ in self.cursor.fetchall())
        what = "locks" if self.locked_out else "alters"
        return CloneError(
            f"The schema {self.source!r} can't be read: for {BUSY_SECONDS:.0f} seconds another "
            f"session {what} what it holds.{who}",
            cure="Wait until it is done, or end it: SELECT pg_terminate_backend(PROCESS).",
        )

    def _rename(self, token: str) -> None:
        # Nothing is held yet, so nobody can wait for us: who alters the schema itself is awaited.
        self.cursor.execute("SET LOCAL lock_timeout = %s", (f"{BUSY_SECONDS}s",))
        try:
            self.cursor.execute(
                sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(
                    sql.Identifier(self.source), sql.Identifier(token)
                )
            )
        except psycopg2.errors.InsufficientPrivilege:
            raise PermissionMissingError(
                f"The role {self.cursor.connection.info.user!r} can't copy the schema "
                f"{self.source!r}: it doesn't own it, or may not create schemas in the database.",
                cure="Use the schema's owner.",
            ) from None

    def _lock(self) -> None:
        self.cursor.execute(self.contents.bind(_LOCKABLE))
        for (names,) in self.cursor.fetchall():
            if names:
                self.cursor.execute(f"LOCK TABLE ONLY {names} IN ACCESS SHARE MODE NOWAIT")
