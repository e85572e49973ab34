"""The queries that connections run, written down while somebody wants to know."""

import functools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from psycopg2 import extensions

from berceau.postgres.core.connection import ClosingConnection, OwnCursor
from berceau.postgres.core.url import Url
from berceau.postgres.pooling.pool import ConnectionPool
from berceau.settings import Limits


@dataclass(frozen=True)
class Query:
    """A query as it was sent: its text with all values, its time and its number of rows.

    ``seconds`` is how long it took, and ``rows`` how many rows it returned or changed, -1 where
    that isn't known. ``str()`` gives a line for people.
    """

    text: str
    seconds: float
    rows: int

    def __str__(self) -> str:
        rows = "" if self.rows < 0 else f"  ({self.rows} {'row' if self.rows == 1 else 'rows'})"
        return f"{self.seconds * 1000:7.2f} ms  {' '.join(self.text.split())}{rows}"


@dataclass(frozen=True)
class Sent:
    """A statement that was sent ``calls`` times, each with other values.

    ``source`` and ``values`` are what the cursor was given, and ``text`` is what it made of them,
    the first time. ``seconds`` and ``rows`` are those of all.
    """

    source: Any
    values: Any
    text: bytes
    calls: int
    seconds: float
    rows: int


class Recorder:
    """Hands the queries of all its connections to those who record or listen."""

    def __init__(self) -> None:
        self._records: list[list[Query]] = []
        self._listeners: list[Callable[[Sent], None]] = []

    def listen(self, listener: Callable[[Sent], None]) -> None:
        """Call ``listener`` with each statement from now on, while its sender waits."""
        self._listeners.append(listener)

    @contextmanager
    def record(self) -> Iterator[list[Query]]:
        """Yield a list that grows by each query until the body ends."""
        queries: list[Query] = []
        self._records.append(queries)
        try:
            yield queries
        finally:
            # By identity: two records may be equal.
            self._records[:] = [each for each in self._records if each is not queries]

    @property
    def is_recording(self) -> bool:
        """Return whether somebody records or listens."""
        return bool(self._records or self._listeners)

    def add(
        self, cursor: Any, given: tuple[Any, ...], each: Sequence[Any] | None, seconds: float
    ) -> None:
        """Note what ``cursor`` sent in ``seconds``: ``given`` at once, or by a value of ``each``.

        What was refused before it was sent has no text.
        """
        if self._records:
            texts = (
                (cursor.query,) if each is None else (cursor.mogrify(given[0], row) for row in each)
            )
            rows = cursor.rowcount if each is None else -1
            for text in filter(None, texts):
                query = Query(text.decode("utf-8", "replace"), seconds, rows)
                for record in self._records:
                    record.append(query)
        if self._listeners and cursor.query:
            values = given[1] if len(given) > 1 else None
            calls, rows = (1, cursor.rowcount) if each is None else (len(each), 0)
            if each:
                values = each[0]
            sent = Sent(given[0], values, cursor.query, calls, seconds, max(rows, 0))
            for listener in self._listeners:
                listener(sent)


class ObservedConnection(ClosingConnection):
    """One whose cursors, of any class, report what they run to a ``recorder``."""

    recorder: Recorder

    def cursor(self, name: Any = None, cursor_factory: Any = None, **options: Any) -> Any:  # type: ignore[override]  # one signature for psycopg2's three
        """Return a cursor, as psycopg2 does."""
        chosen: Any = cursor_factory or self.cursor_factory
        kind = _observed(chosen or extensions.cursor)
        return super().cursor(name, cursor_factory=kind, **options)

    @contextmanager
    def statement(self) -> Iterator[None]:
        """Surround each statement that a cursor runs."""
        yield


class ObservedPool(ConnectionPool):
    """A pool for tests, whose connections report what they run to ``recorder``.

    Their commits don't wait for the disk: what a test writes needn't outlive the server.
    """

    kind = ObservedConnection

    def __init__(self, url: Url, limits: Limits, recorder: Recorder) -> None:
        super().__init__(url, limits)
        self._settings["synchronous_commit"] = "off"
        self._recorder = recorder

    def _open(self) -> ClosingConnection:
        connection = cast(ObservedConnection, super()._open())
        connection.recorder = self._recorder
        return connection


class _Observed:
    """What is laid over a class of cursors."""

    connection: ObservedConnection
    query: bytes | None
    rowcount: int
    mogrify: Any

    def execute(self, query: Any, vars: Any = None) -> None:  # noqa: A002 - psycopg2's name
        self._run(super().execute, query, vars)  # type: ignore[misc]

    def executemany(self, query: Any, vars_list: Iterable[Any]) -> None:
        rows = list(vars_list)
        self._run(super().executemany, query, rows, each=rows)  # type: ignore[misc]

    def callproc(self, *args: Any) -> Any:
        return self._run(super().callproc, *args)  # type: ignore[misc]

    def copy_expert(self, *args: Any, **options: Any) -> None:
        self._run(super().copy_expert, *args, **options)  # type: ignore[misc]

    def copy_from(self, *args: Any, **options: Any) -> None:
        self._run(super().copy_from, *args, **options)  # type: ignore[misc]

    def copy_to(self, *args: Any, **options: Any) -> None:
        self._run(super().copy_to, *args, **options)  # type: ignore[misc]

    def _run(self, run: Any, *args: Any, each: Sequence[Any] | None = None, **options: Any) -> Any:
        recorder = self.connection.recorder
        with self.connection.statement():
            started = time.perf_counter()
            try:
                return run(*args, **options)
            finally:
                if recorder.is_recording:
                    recorder.add(self, args, each, time.perf_counter() - started)


@functools.cache
def _observed(kind: type) -> type:
    if issubclass(kind, OwnCursor):
        return kind
    return type(f"Observed{kind.__name__}", (_Observed, kind), {})
