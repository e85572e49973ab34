"""Trace: a plan is run in a copy with rows, and the locks that it really takes are looked up."""

import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

from berceau.errors import MigrationError, StatementError
from berceau.migration.migration import UP
from berceau.migration.transaction_groups import Mode, TransactionGroup, cut
from berceau.postgres.core.connection import Connection, connect, transaction
from berceau.postgres.core.fetch import execute, fetch
from berceau.postgres.core.url import Url
from berceau.postgres.rows.references import references
from berceau.postgres.rows.sample_rows import copy_rows
from berceau.postgres.rows.stillness import held_still
from berceau.schema.sql.text import to_text
from berceau.settings import Settings
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.replay import read, scratch_after
from berceau.workflows.shared.databases import resolve_databases
from berceau.workflows.shared.row_source import row_source
from berceau.workflows.write.plan import Plan

ROWS = 10_000
"""How many rows of each table that changes are copied at most."""

_WAIT_SECONDS = 10
_LOCKS = """
SELECT l.relation, l.mode FROM pg_locks l
WHERE l.pid = %s AND l.granted AND l.relation = ANY (%s::oid[])
"""
_WAITS = "SELECT FROM pg_locks WHERE pid = %s AND NOT granted"
_STRENGTH = (
    "ACCESS SHARE",
    "ROW SHARE",
    "ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
    "SHARE",
    "SHARE ROW EXCLUSIVE",
    "EXCLUSIVE",
    "ACCESS EXCLUSIVE",
)


@dataclass(frozen=True)
class HeldLock:
    """The strongest ``lock`` on ``table`` that a statement added, and how long it was held."""

    table: str
    lock: str
    seconds: float


@dataclass(frozen=True)
class TracedStatement:
    """A statement as it ran: the ``locks`` that it took on tables which were there before.

    One that runs ``in_batches`` where its table is large holds them for a batch at a time.
    """

    sql: str
    seconds: float
    locks: tuple[HeldLock, ...]
    in_batches: bool = False


@dataclass(frozen=True)
class LockTrace:
    """What the ``statements`` of a plan did in a copy that had so many ``rows`` of each table."""

    statements: tuple[TracedStatement, ...]
    rows: Mapping[str, int]


def trace_locks(settings: Settings, plan: Plan) -> LockTrace:
    """Run ``plan`` in a copy of what the project's migrations build; return the locks it took.

    The copy has up to ``ROWS`` rows of each table that changes. A lock is held from the beginning
    of its statement, at the latest, to the end of the transaction; in a larger table, it takes
    longer. Raises ``MigrationError`` where the plan doesn't run.
    """
    migration_url = resolve_databases(settings).migration_url
    migrations = migration_directory.read(settings.migrations)
    with (
        scratch_after(migration_url, migrations) as connection,
        connect(migration_url, autocommit=True) as watcher,
    ):
        rows = _fill(connection, migration_url, plan)
        tracer = _Tracer(connection, watcher, _tables(connection))
        groups = cut(to_text(plan.up), Path(UP))
        found = [each for group in groups for each in tracer.run(group)]
        return LockTrace(tuple(found), rows)


def _fill(connection: Connection, migration_url: Url, plan: Plan) -> Mapping[str, int]:
    built = read(connection).schema
    changed = {change.subject for change in plan.changes}
    limits = dict.fromkeys(sorted(changed & {table.name for table in built.tables}), ROWS)
    with held_still(connection):
        try:
            source = row_source(migration_url, built)
            return copy_rows(connection, source, built, limits, tuple(references(built)))
        except StatementError:
            return {}  # what can't be copied makes the times shorter, and the locks no others


def _tables(connection: Connection) -> dict[int, str]:
    """Return the names of the tables by their oids."""
    return dict(
        fetch(
            connection,
            """
            SELECT oid::bigint, relname FROM pg_class
            WHERE relkind IN ('r', 'p')
              AND relnamespace = quote_ident(current_schema())::regnamespace
            """,
        )
    )


@dataclass
class _Tracer:
    """Runs groups on ``connection`` and looks, also from ``watcher``, at locks on ``tables``."""

    connection: Connection
    watcher: Connection
    tables: Mapping[int, str]

    def run(self, group: TransactionGroup) -> Iterator[TracedStatement]:
        """Run ``group``, and yield its statements with their locks."""
        try:
            if group.mode is Mode.ALONE:
                yield self._run_alone(group.statements[0].text)
            else:
                for each in self._run_together([each.text for each in group.statements]):
                    yield replace(each, in_batches=group.mode is Mode.BATCHES)
        except MigrationError:
            raise
        except Exception as error:  # what PostgreSQL, or the copy, refuses
            raise MigrationError(
                f"The migration doesn't run in the copy: {' '.join(str(error).split())}",
                cure="Leave --trace out, and review the locks that each statement announces.",
            ) from error

    def _run_together(self, texts: Sequence[str]) -> Iterator[TracedStatement]:
        begun: list[tuple[float, TracedStatement]] = []
        held: dict[str, str] = {}
        with transaction(self.connection):
            for text in texts:
                start = monotonic()
                execute(self.connection, text)
                seconds = monotonic() - start
                now = self._locks(self.connection)
                added = [name for name in now if _is_stronger(now[name], held.get(name))]
                locks = tuple(HeldLock(name, now[name], start) for name in sorted(added))
                begun.append((start, TracedStatement(text, seconds, locks)))
                held |= {name: now[name] for name in added}
        end = monotonic()
        for start, statement in begun:
            locks = tuple(replace(each, seconds=end - start) for each in statement.locks)
            yield replace(statement, locks=locks)

    def _run_alone(self, text: str) -> TracedStatement:
        """Run what commits by itself, while a reader makes it wait: then its locks can be seen."""
        start = monotonic()
        locks: dict[str, str] = {}
        with ThreadPoolExecutor(1) as thread:
            with transaction(self.watcher):
                self._read_all()
                running = thread.submit(execute, self.connection, text)
                waits = False
                while not (waits or running.done()) and monotonic() < start + _WAIT_SECONDS:
                    waits = bool(fetch(self.watcher, _WAITS, (self._pid,)))
                    now = self._locks(self.watcher)
                    locks |= {n: now[n] for n in now if _is_stronger(now[n], locks.get(n))}
            running.result()
        seconds = monotonic() - start
        held = tuple(HeldLock(name, locks[name], seconds) for name in sorted(locks))
        return TracedStatement(text, seconds, held)

    def _read_all(self) -> None:
        """Let ``watcher`` have a snapshot, and the lock of a reader on each table."""
        execute(self.watcher, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        tables = fetch(
            self.watcher,
            "SELECT oid::regclass::text FROM pg_class WHERE oid = ANY (%s::oid[])",
            (list(self.tables),),
        )
        for (name,) in tables:
            execute(self.watcher, f"LOCK TABLE {name} IN ACCESS SHARE MODE")

    @property
    def _pid(self) -> int:
        return self.connection.info.backend_pid

    def _locks(self, through: Connection) -> dict[str, str]:
        """Return the strongest lock that the traced session has on each table."""
        found: dict[str, str] = {}
        for oid, mode in fetch(through, _LOCKS, (self._pid, list(self.tables))):
            name, lock = self.tables[oid], _in_words(mode)
            if _is_stronger(lock, found.get(name)):
                found[name] = lock
        return found


def _in_words(mode: str) -> str:
    """Return a mode of pg_locks as the manual writes it: AccessShareLock is ACCESS SHARE."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", mode.removesuffix("Lock")).upper()


def _is_stronger(lock: str, other: str | None) -> bool:
    return other is None or _STRENGTH.index(lock) > _STRENGTH.index(other)
