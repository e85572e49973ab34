"""Adopt: what a database already holds becomes a migration, recorded there as applied."""

from collections.abc import Mapping
from pathlib import Path

from berceau.errors import DataLossError, HistoryError, MigrationError
from berceau.migration.components import components_of
from berceau.migration.header import nameable
from berceau.migration.history import History
from berceau.migration.migration import Migration
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.url import Url
from berceau.postgres.inspect import catalog
from berceau.postgres.inspect.dependents import in_the_way, users
from berceau.postgres.runner.progress import Report, silent
from berceau.schema.changes import CreateEnum, CreateTable, DropColumn, DropTable
from berceau.schema.diff import diff
from berceau.schema.managed import managed
from berceau.schema.model import Schema
from berceau.schema.naming import with_names
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.deploy import deploying, settled
from berceau.workflows.deploy.replay import replay
from berceau.workflows.history.rewrite import Rewrite, rewrite
from berceau.workflows.write.files import to_migration
from berceau.workflows.write.plan import Plan, between

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
    Returns None where there is nothing to adopt. Raises ``DataLossError`` where others would
    lose data by it, ``HistoryError`` where migrations are pending.
    """
    with deploying(migration_url, report) as connection:
        migrations = migration_directory.read(folder)
        _require_deployed(settled(connection, migrations, report))
        built = replay(migration_url, migrations)
        used = {*built.users} | users(connection)
        held = catalog.read(connection)
        wanted = held if everything else managed(held, built.schema)
        wanted = with_names(built.schema, wanted)
        plan = between(built.schema, wanted, in_the_way=in_the_way(used))
        if not plan.up:
            return None
        _refuse_loss(plan, allow_data_loss)
        names = [each.subject for each in plan.changes]
        components = components_of(names, component_by_name, migrations)
        migration = to_migration(
            plan, slug, migrations, components, nameable(_made(plan) - component_by_name.keys())
        )
        record(connection, migration_url, folder, (*migrations, migration), wanted)
        return migration


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
