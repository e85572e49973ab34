"""Which databases a project uses: those configured, or the embedded server's."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from berceau.errors import SettingsError
from berceau.postgres.core.url import Url
from berceau.settings import Settings

if TYPE_CHECKING:
    from berceau.postgres.embedded.server import EmbeddedServer


@dataclass(frozen=True)
class Databases:
    """The URLs of the two roles: the application's, and that of the schema's owner, who migrates.

    Both name one schema. ``replica_url`` leads to a copy of the database, which may be behind,
    with the application's role and the same schema.
    """

    runtime_url: Url
    given_migration_url: Url
    embedded: bool
    replica_url: Url | None = None

    @property
    def migration_url(self) -> Url:
        """The given one, for use; raises ``SettingsError`` where it leads to a pooler."""
        if self.given_migration_url.pooled:
            raise SettingsError(
                "Migrations and tests need sessions of their own, which PgBouncer can't give them.",
                cure="Set MIGRATION_DATABASE_URL to the server itself, without pgbouncer=true.",
            )
        return self.given_migration_url

    def of_tenant(self, schema: str, stand_in: str | None = None) -> "Databases":
        """Return the same databases for the tenant in ``schema``."""
        replica = self.replica_url.of_tenant(schema) if self.replica_url else None
        return replace(
            self,
            runtime_url=self.runtime_url.of_tenant(schema),
            given_migration_url=self.given_migration_url.of_tenant(schema, stand_in),
            replica_url=replica,
        )


def embedded_server(settings: Settings) -> "EmbeddedServer":
    """Return the project's embedded server, running or not."""
    # Its import takes 10 ms, which a command on a configured database doesn't need.
    from berceau.postgres.embedded.server import EmbeddedServer

    return EmbeddedServer(settings.state / "postgres")


def resolve_databases(settings: Settings) -> Databases:
    """Return the project's databases; the embedded server is started where none is configured.

    Their schema is that of the tenant that the settings target, if any. Raises
    ``UrlError``, ``SettingsError`` or ``ServerError``.
    """
    found = _resolve(settings)
    target = settings.target
    if target is None or target.schema is None:
        return found
    return found.of_tenant(target.schema, target.stand_in)


def _resolve(settings: Settings) -> Databases:
    if settings.database_url is None or settings.migration_database_url is None:
        server = embedded_server(settings)
        server.start()
        return Databases(server.runtime_url, server.owner_url, embedded=True)
    runtime_url = Url.parse(settings.database_url)
    migration_url = Url.parse(settings.migration_database_url)
    if runtime_url.schema != migration_url.schema:
        raise SettingsError(
            f"DATABASE_URL names the schema {runtime_url.schema}, "
            f"MIGRATION_DATABASE_URL the schema {migration_url.schema}.",
            cure="Give both the same ?schema=.",
        )
    return Databases(
        runtime_url, migration_url, embedded=False, replica_url=_replica(settings, runtime_url)
    )


def _replica(settings: Settings, runtime_url: Url) -> Url | None:
    if settings.replica_database_url is None:
        return None
    replica = Url.parse(settings.replica_database_url)
    if replica.schema != runtime_url.schema:
        raise SettingsError(
            f"DATABASE_URL names the schema {runtime_url.schema}, "
            f"REPLICA_DATABASE_URL the schema {replica.schema}.",
            cure="Give both the same ?schema=.",
        )
    return replica
