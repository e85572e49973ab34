"""The migrations applied and undone one by one, in an empty schema or database."""

import pytest

from berceau.postgres.core.connection import connect
from berceau.postgres.inspect.extensions import COUNTING, COUNTING_SCHEMA, schema_of_extension
from berceau.workflows.shared.databases import resolve_databases
from berceau.workflows.testing.empty_schema import empty_schema
from berceau.workflows.testing.isolation import Isolation, prepare
from berceau.workflows.testing.migrator import migrator
from tests.workflows.testing.copies import run


@pytest.mark.parametrize("isolation", list(Isolation))
def test_the_way_along_the_migrations_begins_empty_and_leaves_nothing(settings, isolation) -> None:
    prepare(settings)
    owner = resolve_databases(settings).migration_url
    with connect(owner) as source:
        before = run(source, "SELECT datname FROM pg_database ORDER BY 1")
    with migrator(settings, isolation) as way:
        assert way.execute("SELECT to_regclass('post')") == [(None,)]
        way.up()
        way.execute("INSERT INTO post (title) VALUES ('a')")
        ((place,),) = way.execute("SELECT current_database() || '.' || current_schema()")
        assert place.endswith(".public") == (isolation is not Isolation.SCHEMA)
        assert place != "berceau.public"
    with connect(owner) as source:
        assert run(source, "SELECT * FROM post") == []
        assert run(source, "SELECT datname FROM pg_database ORDER BY 1") == before


@pytest.mark.slow
def test_a_migration_may_say_that_queries_are_counted(settings) -> None:
    """Only a superuser can make this extension, which the embedded server already has."""
    prepare(settings)
    with empty_schema(resolve_databases(settings), settings, Isolation.DATABASE) as (_, connection):
        run(connection, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        assert schema_of_extension(connection, COUNTING) == COUNTING_SCHEMA
