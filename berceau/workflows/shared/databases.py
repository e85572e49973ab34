"""Which databases a project uses: those configured, or the embedded server's."""

from dataclasses import dataclass

from berceau.errors import SettingsError
from berceau.postgres.core.url import Url
from berceau.postgres.embedded.server import EmbeddedServer
from berceau.settings import Settings


@dataclass(frozen=True)
class Databases:
    """The ``runtime`` URL for data, the ``migration`` URL for the schema; both name one schema.

    ``replica`` is a copy of the database, which may be behind, with the same role and schema.
    """

    runtime: Url
    migration: Url
    embedded: bool
    replica: Url | None = None

    @property
    def owner(self) -> Url:
        """The ``migration`` URL, for use; raises ``SettingsError`` where it leads to a pooler."""
        if self.migration.pooled:
            raise SettingsError(
                "Migrations and tests need sessions of their own, which PgBouncer can't give them.",
                cure="Set MIGRATION_DATABASE_URL to the server itself, without pgbouncer=true.",
            )
        return self.migration


def embedded_server(settings: Settings) -> EmbeddedServer:
    """Return the project's embedded server, running or not."""
    return EmbeddedServer(settings.state / "postgres")


def resolve_databases(settings: Settings) -> Databases:
    """Return the project's databases; the embedded server is started where none is configured.

    Raises ``UrlError``, ``SettingsError`` or ``ServerError``.
    """
    if settings.database_url is None or settings.migration_database_url is None:
        server = embedded_server(settings)
        server.start()
        return Databases(server.runtime_url, server.owner_url, embedded=True)
    runtime = Url.parse(settings.database_url)
    owner = Url.parse(settings.migration_database_url)
    if runtime.schema != owner.schema:
        raise SettingsError(
            f"DATABASE_URL names the schema {runtime.schema}, "
            f"MIGRATION_DATABASE_URL the schema {owner.schema}.",
            cure="Give both the same ?schema=.",
        )
    return Databases(runtime, owner, embedded=False, replica=_replica(settings, runtime))


def _replica(settings: Settings, runtime: Url) -> Url | None:
    if settings.replica_database_url is None:
        return None
    replica = Url.parse(settings.replica_database_url)
    if replica.schema != runtime.schema:
        raise SettingsError(
            f"DATABASE_URL names the schema {runtime.schema}, "
            f"REPLICA_DATABASE_URL the schema {replica.schema}.",
            cure="Give both the same ?schema=.",
        )
    return replica
