"""Replay: what migrations build, and what entities declare, as PostgreSQL itself shows it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from berceau.errors import StatementError
from berceau.migration.migration import Migration
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.core.url import Url
from berceau.postgres.inspect import catalog, objects
from berceau.postgres.inspect.dependents import User, users
from berceau.postgres.inspect.extensions import provide
from berceau.postgres.inspect.objects import Object
from berceau.postgres.inspect.schemas import execute_statements
from berceau.postgres.inspect.scratch import scratch
from berceau.postgres.runner import runner
from berceau.schema.diff import create
from berceau.schema.model import EMPTY, Schema
from berceau.schema.naming import named_as
from berceau.schema.order import order
from berceau.schema.sql import to_statements
from berceau.schema.subset import between, clashes
from berceau.workflows.shared.cache import SchemaCache

MIGRATIONS = "migrations"
APPLIED = "applied"
SEEN = "seen"


@dataclass(frozen=True)
class Seen:
    """What entities ``declared``, and how the catalog shows it."""

    declared: Schema
    desired: Schema


@dataclass(frozen=True)
class Replayed:
    """All that migrations leave in an empty schema: ``users`` are what uses its tables."""

    schema: Schema
    objects: tuple[Object, ...] = ()
    users: tuple[User, ...] = ()


def read(connection: Connection) -> Replayed:
    """Return what the schema of ``connection`` holds."""
    used = tuple(sorted(users(connection)))
    return Replayed(catalog.read(connection), objects.read(connection), used)


@contextmanager
def scratch_after(migration_url: Url, migrations: Sequence[Migration]) -> Iterator[Connection]:
    """Yield a connection to a scratch schema in which ``migrations`` were run.

    Raises ``MigrationError`` where they can't be.
    """
    with scratch(migration_url) as connection:
        runner.replay(connection, migrations)
        yield connection


def replay(migration_url: Url, migrations: Sequence[Migration]) -> Replayed:
    """Return what ``migrations`` build on the server; raises ``MigrationError``."""
    with scratch_after(migration_url, migrations) as connection:
        return read(connection)


def replay_cached(
    migration_url: Url, migrations: Sequence[Migration], cache: SchemaCache, kind: str = MIGRATIONS
) -> Replayed:
    """Return what ``migrations`` build, like ``replay``, which it saves where that is known.

    The ``cache`` keeps one of each ``kind``; what is applied is often what is in the files.
    """
    if not migrations:
        return Replayed(EMPTY)
    known = causes(migration_url, migrations)
    found = cache.find(Replayed, MIGRATIONS, known) if kind != MIGRATIONS else None
    return found or cache.get(Replayed, kind, known, lambda: replay(migration_url, migrations))


def causes(migration_url: Url, migrations: Sequence[Migration]) -> tuple[str, ...]:
    """Return what decides what ``migrations`` build on the server of ``migration_url``."""
    return (*map(repr, migrations), *_server(migration_url))


def remember(
    migration_url: Url, migrations: Sequence[Migration], built: Replayed, cache: SchemaCache
) -> None:
    """Keep what ``migrations`` are known to build: a proof that ended with it has shown it."""
    cache.keep(MIGRATIONS, causes(migration_url, migrations), built)


def desired(
    migration_url: Url, declared: Schema, cache: SchemaCache, migrations: Sequence[Migration] = ()
) -> Schema:
    """Return ``declared`` as PostgreSQL's catalog shows it; raises ``MigrationError``.

    It may use extensions that ``migrations`` make. Where most of it was seen before, only the rest
    is made and looked at.
    """
    server = _server(migration_url)
    last = cache.find(Seen, SEEN, server)
    if last is not None and last.declared == declared:
        return last.desired
    seen = _seen_in_part(migration_url, declared, migrations, last) if last is not None else None
    if seen is None:
        seen = as_postgres_sees(migration_url, declared, migrations)
    cache.keep(SEEN, server, Seen(declared, seen))
    return seen


@contextmanager
def refusing(cure: str) -> Iterator[None]:
    """Add the ``cure`` to what PostgreSQL refuses in the body."""
    try:
        yield
    except StatementError as error:
        raise error.with_cure(f"Nothing was written. {cure}") from error


def make(connection: Connection, schema: Schema) -> Schema:
    """Create ``schema`` in an empty one, and return it as the catalog shows it."""
    execute_statements(connection, to_statements(order(create(schema))))
    return catalog.read(connection)


def as_postgres_sees(
    migration_url: Url, declared: Schema, migrations: Sequence[Migration] = ()
) -> Schema:
    """Return ``declared`` as the catalog shows it once it is made, in a scratch schema."""
    with scratch(migration_url) as connection, refusing("Correct the entity that declares it."):
        provide(connection, migrations)
        return named_as(declared, make(connection, declared))


def _seen_in_part(
    migration_url: Url, declared: Schema, migrations: Sequence[Migration], last: Seen
) -> Schema | None:
    """Look at the tables that are new or different; ``None`` where names get in each other's way.

    Only a whole schema shows then how PostgreSQL answers to that.
    """
    part = between(last.declared, declared)
    whole = part.put(as_postgres_sees(migration_url, part.of(declared), migrations), last.desired)
    return None if clashes(whole) else whole


def _server(migration_url: Url) -> tuple[str, ...]:
    """Return what identifies a server, and its version."""
    with connect(migration_url) as connection:
        version = str(connection.info.server_version)
    return version, repr(migration_url.hosts), migration_url.database, migration_url.user
