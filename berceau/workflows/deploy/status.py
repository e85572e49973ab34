"""Status: what is applied, pending, contradictory; how the database differs from all that."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from difflib import unified_diff

from berceau.errors import MigrationError
from berceau.migration.history import History, compare
from berceau.migration.migration import Migration
from berceau.postgres.citus.places import Misplaced, misplaced
from berceau.postgres.core.connection import connect
from berceau.postgres.core.url import Url
from berceau.postgres.inspect.glance import looking
from berceau.postgres.runner import ledger, processes
from berceau.postgres.runner.processes import Process
from berceau.schema.managed import Unmanaged, managed
from berceau.schema.model import Schema
from berceau.workflows.deploy.drift import Drift, drift, foreign
from berceau.workflows.deploy.replay import APPLIED, Replayed, causes, read, replay_cached
from berceau.workflows.shared.cache import SchemaCache, to_text


@dataclass(frozen=True)
class Compared:
    """How a database differs from its migrations and from the entities: see ``Status``."""

    drift: Drift
    unmanaged: tuple[Unmanaged, ...]
    undeclared: tuple[str, ...]


@dataclass(frozen=True)
class Status:
    """The history, and the database beside it; ``processes`` are those that run.

    ``edits`` gives, by name, what changed in a migration's SQL since it was applied, as a
    unified diff. ``undeclared`` are the tables and enums of our migrations that no component
    declares any more. ``unknown`` is why the database couldn't be compared, if it couldn't.
    What Citus has elsewhere than the migrations say is ``misplaced``.
    """

    history: History
    edits: Mapping[str, str] = field(default_factory=dict)
    drift: Drift = field(default_factory=Drift)
    unmanaged: tuple[Unmanaged, ...] = ()
    undeclared: tuple[str, ...] = ()
    unknown: str = ""
    processes: tuple[Process, ...] = ()
    misplaced: tuple[Misplaced, ...] = ()


def status(
    migration_url: Url,
    declared: Schema,
    migrations: Sequence[Migration],
    cache: SchemaCache,
    *,
    waits: bool = True,
) -> Status:
    """Compare the database of ``migration_url`` with the migrations and the ``declared`` schema.

    Raises ``LockedError`` where a table is locked, unless it ``waits``.
    """
    with (
        connect(migration_url, autocommit=True) as connection,
        nullcontext() if waits else looking(connection),
    ):
        history = compare(migrations, ledger.read(connection))
        applied = ledger.read_migrations(connection)
        held = read(connection)
        running = processes.running(connection)
        elsewhere = misplaced(connection)
    edits = edits_of(history, migrations)
    known = Status(history, edits, processes=running, misplaced=elsewhere)
    if not all(each.left_nothing for each in history.unfinished):
        return replace(known, unknown="an unfinished migration may have changed it in part")

    def compared() -> Compared:
        built = replay_cached(migration_url, applied, cache, APPLIED)
        return Compared(
            drift(held, built), foreign(held, built), _undeclared(held, built, declared)
        )

    both = (to_text(held), to_text(declared), *causes(migration_url, applied))
    try:
        found = cache.get(Compared, "compared", both, compared)
    except MigrationError as error:
        return replace(known, unknown=error.message)
    return replace(known, drift=found.drift, unmanaged=found.unmanaged, undeclared=found.undeclared)


def edits_of(history: History, migrations: Sequence[Migration]) -> dict[str, str]:
    """Return, by name, what changed in the SQL of ``migrations`` since they were applied."""
    after = {migration.name: migration.sql for migration in migrations}
    return {each.name: _diff(each.sql, after[each.name]) for each in history.edited}


def _diff(before: str, after: str) -> str:
    lines = (before.splitlines(), after.splitlines())
    return "\n".join(unified_diff(*lines, "applied", "migration.sql", lineterm="", n=1))


def _undeclared(held: Replayed, built: Replayed, declared: Schema) -> tuple[str, ...]:
    ours = managed(held.schema, built.schema)
    names = {table.name for table in declared.tables} | {enum.name for enum in declared.enums}
    undeclared = [f"table {table.name}" for table in ours.tables if table.name not in names]
    return (*undeclared, *(f"enum {each.name}" for each in ours.enums if each.name not in names))
