"""One state of a schema to read: a snapshot, and another one where others altered it meanwhile."""

import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self, TypeVar

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor

from berceau.errors import CloneError, PermissionMissingError
from berceau.postgres.clone import event_triggers
from berceau.postgres.clone.busy import BUSY_SECONDS, CURE, READERS_WAIT, in_the_way
from berceau.postgres.clone.fingerprint import fingerprint_of
from berceau.postgres.clone.objects import Contents, find_contents
from berceau.postgres.clone.session import PLAIN_SESSION
from berceau.postgres.core.connection import Connection

Result = TypeVar("Result")

LOCKING = "500ms"
"""How long to take locks while others wait for those taken, by the same reason as above."""

# What pg_dump locks, as far as the role may. Locks are few, and everybody's.
_LOCKABLE = """
SELECT coalesce(string_agg(format('ONLY %%I.%%I', nspname, relname), ', ' ORDER BY c.oid), '')
FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE nspname = %s AND relkind IN ('r', 'p') AND has_table_privilege(c.oid, 'SELECT')
HAVING count(*) < current_setting('max_locks_per_transaction')::int
                * current_setting('max_connections')::int / 2
"""

# The owner, for a member that doesn't inherit its rights.
_OWNER = """
SELECT nspowner::regrole::text FROM pg_namespace
WHERE oid = %(schema)s AND NOT pg_has_role(nspowner, 'USAGE')
  AND pg_has_role(nspowner, %(right)s)
"""


@dataclass(frozen=True)
class _Ended:
    """Which transactions had ended at a moment: those before ``end``, except the ``running``."""

    end: int
    running: frozenset[int]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return what ``text``, a value of pg_current_snapshot, says."""
        _, end, running = text.split(":")
        return cls(int(end), frozenset(map(int, filter(None, running.split(",")))))

    def since(self, before: "_Ended") -> set[int]:
        """Return which had ended now, and not ``before``; subtransactions may be among them."""
        return {*before.running, *range(before.end, self.end)} - self.running


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


def read_whole(
    connection: Connection,
    source: str,
    read: Callable[[Snapshot], Result],
    *,
    watched: bool = True,
) -> Result:
    """Return what ``read`` returns of one state of the schema ``source``.

    PostgreSQL prints expressions by what is there at the moment, not by what the transaction sees.
    So what was read counts only if nothing of it was altered meanwhile; otherwise the next attempt
    locks the tables. Where no other transaction ended meanwhile, there is nothing to look for. The
    connection is in autocommit mode. Raises ``CloneError``, also where others are in the way all
    the time.

    A schema that only this session knows of needn't be ``watched``.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    lock = False
    with connection.cursor() as cursor:
        while True:
            attempt = _Attempt(cursor, source, lock=lock, watched=watched)
            try:
                result = attempt.run(read)
            except (psycopg2.Error, CloneError) as error:
                if connection.closed or not attempt.is_torn():
                    raise attempt.explain(error) from error
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

    def __init__(self, cursor: Cursor, source: str, *, lock: bool, watched: bool) -> None:
        self.cursor, self.source, self.lock, self.watched = cursor, source, lock, watched
        self.contents = Contents(0)
        self.fingerprint = ""
        self.ended: _Ended | None = None
        self.own = 0
        self.locked_out = False
        self.refusal: psycopg2.Error | None = None

    def run(self, read: Callable[[Snapshot], Result]) -> Result:
        """Return what ``read`` returns."""
        cursor = self.cursor
        tables = self._lockable() if self.lock else ""
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        try:
            cursor.execute(PLAIN_SESSION)
            self._lock(tables)
            self.contents = find_contents(cursor, _find(cursor, self.source))
            if self.watched:
                self.fingerprint = fingerprint_of(cursor, self.contents)
            token = f"berceau_{secrets.token_hex(16)}"
            self._rename(token)
            self._note_transactions()
            cursor.execute("SET LOCAL lock_timeout = %s", (READERS_WAIT,))
            return read(Snapshot(cursor, self.source, token, self.contents))
        except (psycopg2.errors.LockNotAvailable, psycopg2.errors.DeadlockDetected):
            self.locked_out = True
            raise
        finally:
            if not cursor.connection.closed:
                cursor.execute("ROLLBACK")

    def is_torn(self) -> bool:
        """Return whether what was seen isn't any more as it was, or couldn't be seen."""
        if self.locked_out:
            return True
        if not self.fingerprint or not self._others_ended():
            return False
        return fingerprint_of(self.cursor, self.contents) != self.fingerprint

    def explain(self, error: Exception) -> Exception:
        """Return what a person needs to know where ``error`` is no other session's fault."""
        if self.cursor.connection.closed or not isinstance(error, psycopg2.Error | CloneError):
            return error
        if self.refusal is not None:
            found = event_triggers.explain(self.cursor, self.source, self.refusal)
            if found is not None:
                return found
        if isinstance(error, CloneError):
            return error
        return CloneError(
            f"The schema {self.source!r} can't be read. PostgreSQL says: "
            f"{error.diag.message_primary or str(error).strip()}",
            cure="Correct the cause that it names.",
        )

    def busy(self) -> CloneError:
        """Return the error that names who is in the way."""
        who = in_the_way(self.cursor, self.contents.relations)
        what = "locks" if self.locked_out else "alters"
        return CloneError(
            f"The schema {self.source!r} can't be read: for {BUSY_SECONDS:.0f} seconds another "
            f"session {what} what it holds.{who}",
            cure=CURE,
        )

    def _note_transactions(self) -> None:
        self.cursor.execute("SELECT pg_current_snapshot()::text, pg_current_xact_id()::text")
        ((ended, own),) = self.cursor.fetchall()
        self.ended, self.own = _Ended.parse(ended), int(own)

    def _others_ended(self) -> bool:
        """Return whether another transaction, which may have altered something, ended meanwhile."""
        if self.ended is None:
            return True
        self.cursor.execute("SELECT pg_current_snapshot()::text")
        ((now,),) = self.cursor.fetchall()
        return not _Ended.parse(now).since(self.ended) <= {self.own}

    def _rename(self, token: str) -> None:
        cursor = self.cursor
        event_triggers.silence(cursor)
        # No lock is held yet, so no other transaction can wait for this one. One that alters the
        # schema itself is awaited.
        cursor.execute("SET LOCAL lock_timeout = %s", (f"{BUSY_SECONDS}s",))
        self._become_owner()
        try:
            cursor.execute(
                sql.SQL("ALTER SCHEMA {} RENAME TO {}; RESET ROLE").format(
                    sql.Identifier(self.source), sql.Identifier(token)
                )
            )
        except psycopg2.errors.InsufficientPrivilege as error:
            self.refusal = error
            raise PermissionMissingError(
                f"The role {cursor.connection.info.user!r} can't copy the schema "
                f"{self.source!r}: it doesn't own it, or may not create schemas in the database.",
                cure="Use the schema's owner.",
            ) from None
        except psycopg2.Error as error:
            self.refusal = error
            raise

    def _become_owner(self) -> None:
        """Take the role of the schema's owner, where the role at work has no rights of it else."""
        right = "SET" if self.cursor.connection.server_version >= 160000 else "MEMBER"
        self.cursor.execute(_OWNER, {"schema": self.contents.schema, "right": right})
        for (owner,) in self.cursor.fetchall():
            self.cursor.execute(f"SET LOCAL ROLE {owner}")

    def _lockable(self) -> str:
        self.cursor.execute(_LOCKABLE, (self.source,))
        return "".join(names for (names,) in self.cursor.fetchall())

    def _lock(self, tables: str) -> None:
        """Lock before anything is seen: what comes after sees what others did until then."""
        if tables:
            self.cursor.execute("SET LOCAL statement_timeout = %s", (LOCKING,))
            try:
                self.cursor.execute(f"LOCK TABLE {tables} IN ACCESS SHARE MODE")
            except (psycopg2.errors.QueryCanceled, psycopg2.errors.UndefinedTable):
                self.locked_out = True
                raise
            self.cursor.execute("SET LOCAL statement_timeout = 0")
