"""Start: what an application needs before it can answer its first request."""

from dataclasses import dataclass, field

from berceau.components import Component
from berceau.files import files
from berceau.orm import database as orm
from berceau.postgres.core.connection import check_session, connect, describe_hosts
from berceau.postgres.inspect.roles import RoleReport, describe_role
from berceau.postgres.pooling.pool import ConnectionPool
from berceau.postgres.pooling.replica import ReplicaPool
from berceau.settings import Settings
from berceau.settings import component as component_settings
from berceau.settings.component import Values
from berceau.settings.own import S3_VARIABLES
from berceau.workflows.build.compose import compose
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.deploy import deploy, history
from berceau.workflows.serve.component_settings import ReadSettings, load
from berceau.workflows.shared.databases import Databases, resolve_databases


@dataclass(frozen=True)
class Running:
    """A started application: its components, its database, and the role that it acts as."""

    components: tuple[Component, ...]
    settings: Settings
    databases: Databases
    role: RoleReport
    pool: ConnectionPool
    read_settings: ReadSettings = field(default_factory=ReadSettings)

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

    def pending(self) -> tuple[str, ...]:
        """Return the names of the migrations that the database lacks, asking it each time."""
        migrations = migration_directory.read(self.settings.migrations)
        found = history(self.databases.runtime_url, migrations)
        return tuple(migration.name for migration in found.pending)


def start(settings: Settings) -> Running:
    """Compose the components, reach the database, and connect the entities to it.

    The embedded database gets the pending migrations; a configured one is never changed.
    Raises ``BerceauError`` for what makes a start impossible.
    """
    composition = compose(settings.components)
    read_settings = load(composition.components, settings)
    component_settings.begin(read_settings.values)
    found = resolve_databases(settings)
    if found.embedded:
        deploy(found.migration_url, migration_directory.read(settings.migrations))
    with connect(found.runtime_url) as connection:
        check_session(connection, found.runtime_url)
        role = describe_role(connection, found.runtime_url.schema)
    pool = ConnectionPool(found.runtime_url, settings.limits)
    replica = ReplicaPool(found.replica_url, settings.limits) if found.replica_url else None
    orm.connect(pool, replica=replica)
    files.connect(settings.storage_url or _default_storage(settings), _s3_options(settings))
    return Running(composition.components, settings, found, role, pool, read_settings)


def _default_storage(settings: Settings) -> str | None:
    """Return the folder for a developer's files; in production, a place must be chosen."""
    return (settings.state / "files").absolute().as_uri() if settings.development else None


def _s3_options(settings: Settings) -> dict[str, str]:
    """Return what the environment or ``.env`` says of a bucket, by names of small letters."""
    found = {name: settings.sources.find(name, "") for name in S3_VARIABLES}
    return {name.lower(): each.value for name, each in found.items() if each is not None}
