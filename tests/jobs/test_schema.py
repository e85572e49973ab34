"""The SQL of procrastinate's tables, and of an upgrade, leads to one schema."""

from pathlib import Path

import pytest
from procrastinate.schema import SchemaManager

from berceau.jobs import schema
from berceau.postgres.inspect import catalog, objects
from berceau.postgres.inspect.scratch import scratch


@pytest.fixture
def tables() -> None:
    """None: these tests make their own."""


def built(server, *statements: str) -> tuple[object, list[str]]:
    """Return what the statements build: a schema, and the objects besides."""
    with scratch(server.migration_url) as connection, connection.cursor() as cursor:
        for each in statements:
            cursor.execute(each)
        return catalog.read(connection), [str(each) for each in objects.read(connection)]


@pytest.mark.parametrize("old", ["3.1.0", "3.3.0"])
def test_an_upgrade_leads_to_what_is_made_now(server, old) -> None:
    files = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    first = [file.read_text() for file in files if schema._number(file) <= schema._numbers(old)]
    upgraded, upgraded_objects = built(server, *first, schema.upgrade_sql(old))
    made, made_objects = built(server, schema.create_sql())
    assert set(made_objects) <= set(upgraded_objects), "an older version's may stay"
    assert {each.name for each in upgraded.tables} == {each.name for each in made.tables}
    columns = [
        {(table.name, column.name) for table in each.tables for column in table.columns}
        for each in (upgraded, made)
    ]
    assert columns[0] == columns[1]


def test_the_present_version_needs_no_upgrade() -> None:
    assert schema.upgrade_sql(schema.version()) == ""


def test_dropping_leaves_nothing(server) -> None:
    left, others = built(server, schema.create_sql(), schema.drop_sql())
    assert (left.tables, left.enums, others) == ((), (), [])


def test_it_knows_what_no_entity_declares(server) -> None:
    made, _ = built(server, schema.create_sql())
    names = {each.name for each in (*made.tables, *made.enums)}
    assert set(schema.tables_and_enums()) == names
