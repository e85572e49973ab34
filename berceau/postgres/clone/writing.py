"""Definitions carried out in a new schema."""

import time
from collections.abc import Sequence

import psycopg2
from psycopg2.extensions import connection as Connection

from berceau.errors import CloneError
from berceau.migration.splitter import tokens
from berceau.postgres.clone import event_triggers
from berceau.postgres.clone.busy import BUSY_SECONDS, CURE, WAIT, in_the_way
from berceau.postgres.clone.definition import Definitions
from berceau.postgres.clone.session import PLAIN_SESSION
from berceau.postgres.connection import transaction
from berceau.postgres.schemas import in_steps

_BUSY = (psycopg2.errors.LockNotAvailable, psycopg2.errors.DeadlockDetected)


def write(connection: Connection, definitions: Definitions, target: str) -> None:
    """Carry ``definitions`` out in the schema ``target``, which exists and is empty.

    The connection is in autocommit mode. Each step is a transaction of its own, as the server
    has room for so many locks only. Raises ``CloneError`` with the statement that failed.
    """
    place = Place(connection, definitions, target)
    deadline = time.monotonic() + BUSY_SECONDS

    def run(step: Sequence[str]) -> None:
        while True:
            try:
                _run(connection, step)
                return
            except psycopg2.errors.OutOfMemory:
                raise
            except _BUSY:
                if time.monotonic() > deadline:
                    raise _busy(connection, definitions.source) from None
            except psycopg2.Error as error:
                explained = _explain(connection, definitions.source, step)
                if explained or time.monotonic() > deadline:
                    raise explained or error from error
            time.sleep(0.05)

    in_steps([place.put(text) for text in definitions.texts], run)


def fill_views(connection: Connection, definitions: Definitions, target: str) -> tuple[str, ...]:
    """Fill materialized views, as their queries say; return a sentence for each that stays empty.

    A query may fail on no rows, and a view may need that another one is filled.
    """
    place = Place(connection, definitions, target)
    waiting = [place.put(text) for text in definitions.fills]
    failures: list[str] = []
    while waiting:
        again, failures = [], []
        for text in waiting:
            try:
                _run(connection, [text])
            except psycopg2.Error as error:
                again.append(text)
                name = text.partition("MATERIALIZED VIEW ")[2].partition(";")[0]
                failures.append(
                    f"that the materialized view {name} is filled: PostgreSQL says: "
                    f"{error.diag.message_primary or str(error).strip()}"
                )
        if len(again) == len(waiting):
            break
        waiting = again
    return tuple(failures)


def _run(connection: Connection, step: Sequence[str]) -> None:
    limit = f"SET LOCAL lock_timeout = '{WAIT}'"
    with transaction(connection), connection.cursor() as cursor:
        cursor.execute(";\n".join((PLAIN_SESSION, limit, *step)))


def _busy(connection: Connection, source: str) -> CloneError:
    with connection.cursor() as cursor:
        who = in_the_way(cursor)
    return CloneError(
        f"The schema {source!r} can't be copied: for {BUSY_SECONDS:.0f} seconds another session "
        f"locks what it needs of another schema.{who}",
        cure=CURE,
    )


class Place:
    """The schema ``target``: puts the names of schemas where definitions have words for them."""

    def __init__(self, connection: Connection, definitions: Definitions, target: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT quote_ident(%s), quote_ident(%s)", (target, definitions.source))
            ((here, there),) = cursor.fetchall()
        self.names = {definitions.token: here, definitions.outside: there}
        self.is_plain = not any("'" in name or "\\" in name for name in self.names.values())

    def put(self, text: str) -> str:
        """Return ``text`` with the names of schemas."""
        if self.is_plain:
            return self._replace(text)
        return "".join(
            self._replace(part.text, quoted=part.kind in ("string", "escaped"))
            for part in tokens(text)
        )

    def _replace(self, text: str, quoted: bool = False) -> str:
        for word, name in self.names.items():
            text = text.replace(word, name.replace("'", "''") if quoted else name)
        return text


def _explain(connection: Connection, source: str, step: Sequence[str]) -> CloneError | None:
    """Run the statements of a failed ``step`` one by one to see which it was."""
    with transaction(connection), connection.cursor() as cursor:
        cursor.execute(PLAIN_SESSION)
        for text in step:
            try:
                cursor.execute(text)
            except psycopg2.Error as error:
                connection.rollback()
                return event_triggers.explain(cursor, source, error) or CloneError(
                    f"The schema {source!r} can't be copied. PostgreSQL says: "
                    f"{error.diag.message_primary or str(error).strip()}\n    {text}",
                    cure="Grant the right that is missing, or move to another schema what can't "
                    "be made here.",
                )
    return None
