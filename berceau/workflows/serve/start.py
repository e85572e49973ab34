"""Start: what an application needs before it can answer its first request."""

from collections.abc import Callable
from dataclasses import dataclass, field

from berceau.components import Component
from berceau.migration.migration import Migration
from berceau.orm import database as orm
from berceau.postgres.core.connection import check_session, connect, describe_hosts
from berceau.postgres.core.url import Url
from berceau.postgres.inspect.roles import RoleReport, describe_role
from berceau.postgres.pooling.pool import NOWHERE, ConnectionPool
from berceau.postgres.pooling.replica import ReplicaPool
from berceau.settings import Settings
from berceau.settings import component as component_settings
from berceau.settings.component import Values
from berceau.workflows.build.compose import Composition, compose
from berceau.workflows.build.declared import Declared
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.deploy import deploy
from berceau.workflows.serve.component_settings import ReadSettings, load
from berceau.workflows.serve.fitness import Fitness, Unfit
from berceau.workflows.serve.heartbeat import Heartbeat
from berceau.workflows.serve.tenants import Directory, act_for_chosen, directory, tenant_migrations
from berceau.workflows.shared.databases import Databases, resolve_databases
from berceau.workflows.shared.file_store import connect_files
from berceau.workflows.tenants import histories
from berceau.workflows.tenants.deploying import deploy_all


@dataclass(frozen=True)
class Running:
    """A started application: its components, its database, and the role that it acts as."""

    components: tuple[Component, ...]
    settings: Settings
    databases: Databases
    role: RoleReport
    pool: ConnectionPool
    migrations: tuple[Migration, ...]
    fitness: Fitness
    newest_migration: str | None
    read_settings: ReadSettings = field(default_factory=ReadSettings)
    tenants: Directory | None = None

    @property
    def component_settings(self) -> Values:
        """The settings of the components, by their classes."""
        return self.read_settings.values

    @property
    def summary(self) -> str:
        """One line for the log: who works where."""
        runtime = self.databases.runtime_url
        server = "the embedded server" if self.databases.embedded else f"{describe_hosts(runtime)}"
        return (
            f"database {runtime.database}, schema {self.role.schema}, role {self.role.role} "
            f"on {server}; components: {', '.join(c.name for c in self.components) or 'none'}"
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What works, but shouldn't stay so."""
        return (*self.read_settings.warnings, *self._warnings_of_role())

    def _warnings_of_role(self) -> tuple[str, ...]:
        role = self.role
        if role.can_change_schema:
            return (
                f"the role {role.role} can change the schema {role.schema}: a mistake or an "
                "intruder could too; `invoke db.provision` sets up a role with data rights only",
            )
        if role.can_make and not self.settings.development:
            return (
                f"the role {role.role} can make {', '.join(role.can_make)}: an intruder could fill "
                "the disk with them; `invoke db.provision` by a superuser forbids it",
            )
        return ()

    def look(self) -> Unfit | None:
        """Return why this release can't serve the database, or None; asks it each time.

        In production, its migrations are those that were there at the start, as its code is: the
        next release may come to the same folder. A developer's may change meanwhile.
        """
        if self.settings.development:
            return self.fitness.look(_shared_migrations(self.settings))
        return self.fitness.look(self.migrations)

    def heartbeat(self, on_beat: Callable[[], object]) -> Heartbeat:
        """Return what announces this process; its code is as new as the newest migration."""
        return Heartbeat(self.databases.runtime_url, self.newest_migration, on_beat)


def start(settings: Settings) -> Running:
    """Compose the components, reach the database, and connect the entities to it.

    The embedded database gets the pending migrations; a configured one is never changed.
    Raises ``BerceauError`` for what makes a start impossible.
    """
    composition = compose(settings.components)
    read_settings = load(composition.components, settings)
    component_settings.begin(read_settings.values)
    found = resolve_databases(settings)
    migrations = _shared_migrations(settings)
    if found.embedded:
        _deploy(settings, found, migrations)
    with connect(found.runtime_url) as connection:
        check_session(connection, found.runtime_url)
        role = describe_role(connection, found.runtime_url.schema)
    pool = ConnectionPool(_session_url(found.runtime_url, settings), settings.limits)
    replica = None
    if found.replica_url:
        replica = ReplicaPool(_session_url(found.replica_url, settings), settings.limits)
    declared = _declared(composition)
    tenants = directory(settings, found.runtime_url, pool, declared.part("tenant").schema)
    orm.connect(pool, replica=replica, tenants=tenants)
    if tenants is not None:
        act_for_chosen(settings, tenants)
    connect_files(settings)
    return Running(
        composition.components,
        settings,
        found,
        role,
        pool,
        migrations,
        Fitness(found.runtime_url, (declared.part("shared") if tenants else declared).schema),
        max((each.name for each in (*migrations, *tenant_migrations(settings))), default=None),
        read_settings,
        tenants,
    )


def _declared(composition: Composition) -> Declared:
    return Declared(
        composition.schema,
        composition.component_by_name,
        composition.shared,
        composition.misplaced,
    )


def _shared_migrations(settings: Settings) -> tuple[Migration, ...]:
    """Return the migrations of the URL's schema: all, or those of what tenants share."""
    if settings.tenants is not None:
        return histories.read(settings).shared
    return migration_directory.read(settings.migrations)


def _deploy(settings: Settings, found: Databases, migrations: tuple[Migration, ...]) -> None:
    if settings.tenants is not None:
        deploy_all(settings)
    else:
        deploy(found.migration_url, migrations)


def _session_url(url: Url, settings: Settings) -> Url:
    """Return where the sessions of the pool are: with tenants, each transaction says where."""
    return url if settings.tenants is None else url.with_schema(NOWHERE)
