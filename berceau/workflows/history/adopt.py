"""Adopt: what a database already holds becomes a migration, recorded there as applied."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from berceau.errors import DataLossError, HistoryError, MigrationError
from berceau.migration.components import components_of
from berceau.migration.header import nameable
from berceau.migration.history import History
from berceau.migration.migration import Migration
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.url import Url
from berceau.postgres.inspect.dependents import in_the_way
from berceau.postgres.inspect.objects import Object
from berceau.postgres.runner.progress import Report, silent
from berceau.schema.changes import CreateEnum, CreateTable, DropColumn, DropTable
from berceau.schema.diff import diff
from berceau.schema.managed import managed
from berceau.schema.model import Schema
from berceau.schema.naming import with_names
from berceau.schema.pairs import compare
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.deploy import deploying, settled
from berceau.workflows.deploy.drift import foreign_objects
from berceau.workflows.deploy.replay import Replayed, read, refusing, replay
from berceau.workflows.history.rewrite import Rewrite, rewrite
from berceau.workflows.write.files import to_migration
from berceau.workflows.write.plan import Plan, between

_BY_HAND = (
    "Write a migration that makes it (`invoke migrate --create-only`), and record it here by "
    "`invoke migrate.baseline NAME`. Then adopt the rest."
)

ComponentByName = Mapping[str, str]
"""The component of each declared table and enum."""


def adopt(
    migration_url: Url,
    folder: Path,
    slug: str,
    component_by_name: ComponentByName,
    *,
    everything: bool = False,
    allow_data_loss: bool = False,
    report: Report = silent,
) -> Migration | None:
    """Write the drift of the database as a migration, so that the other databases get it.

    With ``everything``, that includes tables, columns, indexes and enums that no migration made.
    Returns None where there is nothing to adopt. What only SQL by hand makes, such as a view, is
    reported. Raises ``DataLossError`` where others would lose data by it, ``HistoryError`` where
    migrations are pending, or nothing else differs than what only SQL by hand makes.
    """
    with deploying(migration_url, report) as connection:
        migrations = migration_directory.read(folder)
        _require_deployed(settled(connection, migrations, report))
        built, held = replay(migration_url, migrations), read(connection)
        wanted = held.schema if everything else managed(held.schema, built.schema)
        wanted = with_names(built.schema, wanted)
        plan = between(built.schema, wanted, in_the_way=in_the_way({*built.users, *held.users}))
        left = ", ".join(map(str, _others(held, built, everything=everything)))
        if left and not plan.up:
            raise HistoryError(
                f"Only SQL by hand makes what differs: {left}.",
                cure=f"Nothing was written. {_BY_HAND}",
            )
        if not plan.up:
            return None
        _refuse_loss(plan, allow_data_loss)
        names = [each.subject for each in plan.changes]
        components = components_of(names, component_by_name, migrations)
        migration = to_migration(
            plan, slug, migrations, components, nameable(_made(plan) - component_by_name.keys())
        )
        with refusing(_BY_HAND):
            record(connection, migration_url, folder, (*migrations, migration), wanted)
        if left:
            report(f"left out, since only SQL by hand makes it: {left}")
        return migration


def _others(held: Replayed, built: Replayed, *, everything: bool) -> Iterator[Object]:
    """Yield the objects that differ or are gone; with ``everything``, also those that are new."""
    found = compare(built.objects, held.objects, key=lambda each: (each.kind, each.name))
    yield from found.removed
    yield from (after for _, after in found.changed)
    if everything:
        yield from foreign_objects(held, built)


def _require_deployed(found: History) -> None:
    found.require_sound()
    if found.pending:
        raise HistoryError(
            f"Pending: {', '.join(migration.name for migration in found.pending)}.",
            cure="Run `invoke migrate.deploy` first: drift is what differs after that.",
        )


def record(
    connection: Connection,
    migration_url: Url,
    folder: Path,
    migrations: tuple[Migration, ...],
    wanted: Schema,
) -> None:
    """Save the last of ``migrations`` and record it as applied, if all of them build ``wanted``."""
    difference = diff(replay(migration_url, migrations).schema, wanted)
    if difference:
        raise MigrationError(
            "What the database holds can't be written as a migration; "
            f"the first difference: {difference[0]}",
            cure="Nothing was written. Write the migration by hand, and record it with "
            "`invoke migrate.baseline`.",
        )
    rewrite(connection, folder, Rewrite(new=migrations[-1]))


def _made(plan: Plan) -> set[str]:
    """Return the tables and enums that ``plan`` makes."""
    tables = {each.table.name for each in plan.changes if isinstance(each, CreateTable)}
    return tables | {each.enum.name for each in plan.changes if isinstance(each, CreateEnum)}


def _refuse_loss(plan: Plan, allowed: bool) -> None:
    lost = [
        f"table {change.table.name}"
        if isinstance(change, DropTable)
        else f"column {change.table}.{change.column.name}"
        for change in plan.changes
        if isinstance(change, DropTable | DropColumn)
    ]
    if lost and not allowed:
        raise DataLossError(
            f"Gone from this database, and to be dropped from all others: {', '.join(lost)}.",
            cure="Nothing was written. If that is meant, add --allow-data-loss.",
        )
