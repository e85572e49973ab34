"""The tenants of tests, which each copy of a database has beside the shared schema."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from berceau.postgres.core.connection import Connection
from berceau.postgres.core.url import Url
from berceau.postgres.inspect.schemas import drop_schema, use_schema
from berceau.postgres.tenants import registry
from berceau.settings import Settings
from berceau.tenancy import Tenant, tenant_schema
from berceau.workflows.tenants import histories
from berceau.workflows.tenants.create import create

NAMES = ("test", "other")
"""What they are called: the first is whom a test acts for."""


def schemas(settings: Settings, shared: str) -> tuple[str, ...]:
    """Return what the schemas of the tenants are called, where the project has some."""
    return () if settings.tenants is None else tuple(tenant_schema(each, shared) for each in NAMES)


def texts(settings: Settings) -> Iterator[str]:
    """Yield all that tenants are made from: copies are stale once it changes."""
    if settings.tenants is not None:
        yield from NAMES
        for migration in histories.read(settings).tenant:
            yield from (migration.name, migration.checksum)


def make(settings: Settings, runtime_url: Url, migration_url: Url) -> None:
    """Make the tenants beside the copied schema of the URLs, where the project has some."""
    if settings.tenants is None:
        return
    own = replace(
        settings,
        database_url=runtime_url.with_password(),
        migration_database_url=migration_url.with_password(),
    )
    for name in NAMES:
        create(own, name)


def made(connection: Connection, schemas: Sequence[str], own: Sequence[str]) -> tuple[Tenant, ...]:
    """Return the tenants of a copy, whose ``schemas`` are the connection's afterwards.

    The first of them is the shared one; the tenants have their ``own`` ones.
    """
    found: tuple[Tenant, ...] = ()
    if own:
        use_schema(connection, schemas[0])
        by_name = {each.name: each for each in registry.read(connection)}
        found = tuple(by_name[name] for name in NAMES)
    use_schema(connection, *schemas)
    return found


def drop(connection: Connection, shared: str) -> None:
    """Drop the schemas of the tenants beside the copied schema ``shared``, if there are some."""
    for name in NAMES:
        drop_schema(connection, tenant_schema(name, shared))
