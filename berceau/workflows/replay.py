"""Replay: what migrations build, and what entities declare, as PostgreSQL itself says it."""

from collections.abc import Sequence
from dataclasses import dataclass

from berceau.migration.script import Script
from berceau.postgres import catalog, objects, runner
from berceau.postgres.connection import Connection, connect
from berceau.postgres.objects import Object
from berceau.postgres.scratch import scratch
from berceau.postgres.url import Url
from berceau.schema.model import EMPTY, Schema
from berceau.workflows.cache import SchemaCache
from berceau.workflows.plan import as_postgres_sees


@dataclass(frozen=True)
class Replayed:
    """All that migrations leave in an empty schema."""

    schema: Schema
    objects: tuple[Object, ...]


def read(connection: Connection) -> Replayed:
    """Return what the schema of ``connection`` holds."""
    return Replayed(catalog.read(connection), objects.read(connection))


def replayed(
    owner: Url, scripts: Sequence[Script], cache: SchemaCache, kind: str = "migrations"
) -> Replayed:
    """Return what ``scripts`` build on the server of ``owner``; raises ``MigrationError``.

    The ``cache`` keeps one of each ``kind``.
    """
    if not scripts:
        return Replayed(EMPTY, ())

    def replay() -> Replayed:
        with scratch(owner) as connection:
            runner.replay(connection, scripts)
            return read(connection)

    causes = (*map(repr, scripts), *_server(owner))
    return cache.get_as(Replayed, kind, causes, replay)


def desired(owner: Url, declared: Schema, cache: SchemaCache) -> Schema:
    """Return ``declared`` as PostgreSQL's catalog shows it; raises ``MigrationError``."""
    causes = (repr(declared), *_server(owner))
    return cache.get("declared", causes, lambda: as_postgres_sees(owner, declared))


def _server(owner: Url) -> tuple[str, ...]:
    """Return what tells one server, and its version, from another."""
    with connect(owner) as connection:
        version = str(connection.info.server_version)
    return version, repr(owner.hosts), owner.database, owner.user
