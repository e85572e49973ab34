"""Definitions carried out in a new schema."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event

import psycopg2

from berceau.errors import CloneError
from berceau.migration.splitter import tokens
from berceau.postgres.clone import event_triggers
from berceau.postgres.clone.busy import BUSY_SECONDS, CURE, WAIT, in_the_way
from berceau.postgres.clone.definition import Definitions
from berceau.postgres.clone.lanes import runs
from berceau.postgres.clone.session import PLAIN_SESSION
from berceau.postgres.core.connection import Connection, transaction
from berceau.postgres.core.fetch import fetch
from berceau.postgres.inspect.schemas import in_steps

Another = Callable[[], Connection | None]
"""Gives one more connection of the same role, in autocommit mode, if one can be had."""

MANY = 50
"""From how many statements on two connections are worth the start of the second."""

_BUSY = (psycopg2.errors.LockNotAvailable, psycopg2.errors.DeadlockDetected)


def write(
    connection: Connection, definitions: Definitions, target: str, another: Another | None = None
) -> None:
    """Carry ``definitions`` out in the schema ``target``, which exists and is empty.

    The connection is in autocommit mode. Each step is a transaction of its own, as the server
    has room for so many locks only. A connection from ``another`` makes tables beside this one,
    where there are many. Raises ``CloneError`` with the statement that failed.
    """
    place = Place(connection, definitions, target)
    source, deadline = definitions.source, time.monotonic() + BUSY_SECONDS
    texts = [place.put(text) for text in definitions.texts]
    for first, second in runs(texts, definitions.lanes):
        other = another() if another and len(second) >= MANY else None
        if other is None:
            in_steps([*first, *second], _Runner(connection, source, deadline))
        else:
            _run_both((connection, first), (other, second), source, deadline)


def _run_both(
    ours: tuple[Connection, Sequence[str]],
    theirs: tuple[Connection, Sequence[str]],
    source: str,
    deadline: float,
) -> None:
    """Run the statements of two connections at a time; none goes on where the other failed."""
    stop = Event()
    (connection, first), (other, second) = ours, theirs

    def run_theirs() -> None:
        try:
            in_steps(second, _Runner(other, source, deadline, stop))
        except BaseException:
            stop.set()
            raise

    with ThreadPoolExecutor(1) as pool:
        beside = pool.submit(run_theirs)
        try:
            in_steps(first, _Runner(connection, source, deadline, stop))
        except BaseException:
            stop.set()
            other.cancel()
            raise
        beside.result()


@dataclass(frozen=True)
class _Runner:
    """Runs steps, and tries again for as long as others are in the way, or until it is to stop."""

    connection: Connection
    source: str
    deadline: float
    stop: Event = field(default_factory=Event)

    def __call__(self, step: Sequence[str]) -> None:
        """Run the statements of ``step`` as one transaction."""
        while not self.stop.is_set():
            try:
                _run(self.connection, step)
                return
            except psycopg2.errors.OutOfMemory:
                raise
            except _BUSY:
                if time.monotonic() > self.deadline:
                    raise _busy(self.connection, self.source) from None
            except psycopg2.Error as error:
                explained = _explain(self.connection, self.source, step)
                if explained or time.monotonic() > self.deadline:
                    raise explained or error from error
            time.sleep(0.05)


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
        ((here, there),) = fetch(
            connection, "SELECT quote_ident(%s), quote_ident(%s)", (target, definitions.source)
        )
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
                    cure="Grant the missing right, or move the object to another schema.",
                )
    return None
