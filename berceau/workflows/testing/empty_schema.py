"""An empty schema called as the project's, in a database of its own where one can be made."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from berceau.errors import DatabaseError
from berceau.postgres.clone.databases import create_copy, drop_database
from berceau.postgres.clone.surroundings import read_surroundings, set_up_database
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.core.fetch import fetch
from berceau.postgres.core.locks import try_lock
from berceau.postgres.core.url import Url
from berceau.postgres.inspect.schemas import create_schema, drop_schema, use_schema
from berceau.postgres.inspect.scratch import scratch
from berceau.settings import Settings
from berceau.workflows.shared.databases import Databases
from berceau.workflows.testing.copies import Isolation
from berceau.workflows.testing.template import name_of, prepare_databases, template_of

Place = tuple[Url, Connection]
"""Where it is, for the owner, and the owner's autocommit connection there."""


@contextmanager
def empty_schema(
    source: Databases, settings: Settings, isolation: Isolation = Isolation.AUTO
) -> Iterator[Place]:
    """Yield an empty schema that lasts as long as the body.

    In a database of its own it has the name and the surroundings of the project's: what names
    that doesn't reach it. Raises ``DatabaseError``.
    """
    with ExitStack() as stack:
        yield _enter(stack, source, settings, isolation)


def _enter(stack: ExitStack, source: Databases, settings: Settings, isolation: Isolation) -> Place:
    if isolation is not Isolation.SCHEMA:
        try:
            return stack.enter_context(_database(source, settings, isolation))
        except DatabaseError:
            if isolation is Isolation.DATABASE:
                raise
    connection = stack.enter_context(scratch(source.migration_url))
    ((schema,),) = fetch(connection, "SELECT current_schema()")
    return source.migration_url.with_schema(schema), connection


@contextmanager
def _database(source: Databases, settings: Settings, isolation: Isolation) -> Iterator[Place]:
    schema = source.migration_url.schema
    with connect(source.migration_url, autocommit=True) as guard:
        prepared = prepare_databases(guard, source, settings, isolation)
        name = name_of(source.migration_url, f"m{secrets.token_hex(4)}")
        try_lock(guard, name)
        try:
            if not create_copy(guard, name, template_of(source.migration_url, prepared)):
                raise DatabaseError("The template of databases for tests was dropped meanwhile.")
            set_up_database(guard, name, read_surroundings(guard, prepared.schemas))
            url = source.migration_url.with_database(name)
            with connect(url, autocommit=True) as connection:
                drop_schema(connection, schema)
                create_schema(connection, schema)
                use_schema(connection, schema)
                yield url, connection
        finally:
            if not guard.closed:
                drop_database(guard, name)
