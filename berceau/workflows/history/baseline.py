"""Baseline: an existing database is recorded as migrated, if it really is."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from berceau.errors import HistoryError
from berceau.migration.components import components_of
from berceau.migration.history import History
from berceau.migration.migration import Migration
from berceau.postgres.core.connection import Connection, connect, transaction
from berceau.postgres.core.url import Url
from berceau.postgres.inspect import catalog
from berceau.postgres.inspect.schemas import execute_statements
from berceau.postgres.runner import ledger, runner
from berceau.postgres.runner.progress import Report, silent
from berceau.schema.managed import Unmanaged, managed
from berceau.schema.model import EMPTY, Schema
from berceau.schema.naming import renamings_to
from berceau.schema.recorded import missing
from berceau.schema.sql import to_statements
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.deploy import deploying, history, settled
from berceau.workflows.deploy.drift import drift, foreign
from berceau.workflows.deploy.replay import (
    APPLIED,
    Replayed,
    desired,
    read,
    replay_cached,
    scratch_after,
)
from berceau.workflows.history.adopt import ComponentByName, record
from berceau.workflows.shared.cache import SchemaCache
from berceau.workflows.write.files import to_migration
from berceau.workflows.write.plan import between


def baseline(
    migration_url: Url,
    declared: Schema,
    component_by_name: ComponentByName,
    folder: Path,
    name: str,
    cache: SchemaCache,
    report: Report = silent,
) -> tuple[str, ...]:
    """Record the database of ``migration_url`` as migrated, and return the recorded names.

    Where ``name`` is a migration, it and those before it are recorded without running, once the
    database was found to hold all that they build; keys, indexes and sequences that have other
    names there get those of the migrations. Otherwise a migration of that name is written
    for what the database holds of the declared tables and enums; the rest stays unmanaged.
    Raises ``HistoryError`` where that isn't possible, with the difference.
    """
    with deploying(migration_url, report) as connection:
        migrations = migration_directory.read(folder)
        found = settled(connection, migrations, report)
        found.require_sound()
        until = _until(migrations, name)
        if until:
            return _record(connection, migration_url, until, found, cache, report)
        if migrations or found.applied:
            raise HistoryError(
                f"There is no migration {name} in migrations/.",
                cure="Name a migration of that folder. To record changes that were made by hand, "
                "run `invoke migrate.adopt`."
                if found.applied
                else "Name the last migration whose changes the database contains. "
                f"{_cure(migrations, name)}",
            )
        wanted = replace(desired(migration_url, declared, cache), meanings=declared.meanings)
        return (_write(connection, migration_url, wanted, component_by_name, folder, name),)


def is_recorded(migration_url: Url, folder: Path, name: str) -> bool:
    """Return whether ``name`` is a migration that is applied: ``baseline`` refuses that."""
    migrations = migration_directory.read(folder)
    until = _until(migrations, name)
    return bool(until) and until[-1] not in history(migration_url, migrations).pending


def is_written(folder: Path, name: str) -> bool:
    """Return whether ``name`` is a migration of ``folder``."""
    return bool(_until(migration_directory.read(folder), name))


def is_behind(migration_url: Url, folder: Path, name: str, cache: SchemaCache) -> bool:
    """Return whether the database holds what is applied, and nothing of the rest up to ``name``.

    A deploy brings it up to date then, and there is nothing to record.
    """
    migrations = migration_directory.read(folder)
    until = _until(migrations, name)
    pending = history(migration_url, migrations).pending
    applied = [each for each in until if each not in pending]
    before = replay_cached(migration_url, applied, cache, APPLIED)
    after = replay_cached(migration_url, until, cache, "baseline")
    with connect(migration_url) as connection:
        held = read(connection)
    return not drift(held, before) and {*foreign(held, before)} <= {*foreign(held, after)}


def _until(migrations: Sequence[Migration], name: str) -> Sequence[Migration]:
    """Return the migration ``name`` and those before it; nothing where there is none."""
    named = [each for each in migrations if name in (each.name, each.name[15:])]
    return migrations[: migrations.index(named[-1]) + 1] if named else ()


def _record(
    connection: Connection,
    migration_url: Url,
    migrations: Sequence[Migration],
    found: History,
    cache: SchemaCache,
    report: Report,
) -> tuple[str, ...]:
    pending = [migration for migration in migrations if migration in found.pending]
    if not pending:
        raise HistoryError(f"{migrations[-1].name} is recorded already.")
    held, built = read(connection), replay_cached(migration_url, migrations, cache, "baseline")
    difference = drift(held, built)
    if difference:
        raise HistoryError(
            "The database differs from the schema of the migrations up to "
            f"{migrations[-1].name}.\n{difference}",
            cure="Nothing was recorded. Run that SQL, or change the migration. "
            + ("" if found.applied else _cure(found.pending, migrations[-1].name[15:])),
        )
    dropped = _dropped_but_there(migration_url, migrations, pending, held, built)
    if dropped:
        raise HistoryError(
            f"The database still has what the migrations up to {migrations[-1].name} drop: "
            f"{', '.join(map(str, dropped))}.",
            cure="Nothing was recorded. Drop it in the database, or name an earlier migration and "
            "run `invoke migrate.deploy` afterwards.",
        )
    ledger.ensure(connection)
    # Later migrations use the names that these give to keys, indexes and sequences.
    names = to_statements(renamings_to(managed(held.schema, built.schema), built.schema))
    with transaction(connection):
        if names:
            report("renaming objects as the migrations name them:")
        for statement in names:
            report(f"  {statement}")
        execute_statements(connection, names)
        for migration in pending:
            ledger.record(connection, migration)
    return tuple(migration.name for migration in pending)


def _dropped_but_there(
    migration_url: Url,
    migrations: Sequence[Migration],
    pending: Sequence[Migration],
    held: Replayed,
    built: Replayed,
) -> list[Unmanaged]:
    """Return what a database that ``held`` something has still of what ``pending`` ones drop.

    ``built`` is what all ``migrations`` build.
    """
    others = {*foreign(held, built)}
    if not others:
        return []
    dropped: set[Unmanaged] = set()
    applied = [migration for migration in migrations if migration not in pending]
    with scratch_after(migration_url, applied) as connection:
        for migration in pending:
            dropped |= others.intersection(foreign(read(connection), built))
            runner.replay(connection, [migration])
    return sorted(dropped)


def _cure(migrations: Sequence[Migration], name: str) -> str:
    """Return the cure: a baseline of what the database holds instead of ``migrations``."""
    folders = " ".join(f"migrations/{migration.name}" for migration in migrations)
    return (
        f"Or, if no database has applied them, remove {folders}, and run `invoke migrate.baseline "
        f"{name}`: it writes what this database holds."
    )


def _write(
    connection: Connection,
    migration_url: Url,
    wanted: Schema,
    component_by_name: ComponentByName,
    folder: Path,
    slug: str,
) -> str:
    held = managed(catalog.read(connection), wanted)
    if held == EMPTY:
        raise HistoryError(
            "The database holds none of the tables that the components declare.",
            cure="There is nothing to record: `invoke migrate` writes and applies what is needed.",
        )
    names = {table.name for table in held.tables} | {enum.name for enum in held.enums}
    means = tuple(each for each in missing((), wanted) if each.place[0] in names)
    plan = replace(between(EMPTY, held), means=means)
    components = components_of((each.subject for each in plan.changes), component_by_name, ())
    migration = to_migration(plan, slug, (), components)
    record(connection, migration_url, folder, (migration,), held)
    return migration.name
