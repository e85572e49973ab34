"""A large table is browsed as fast as a small one: a page reads as many blocks of either."""

from collections.abc import Iterator

import pytest
from pony.orm import Json, Optional, PrimaryKey, Required, Set

from berceau.orm.database import GlobalDatabase
from berceau.planner.privacy import Privacy
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute, fetch_value
from berceau.postgres.inspect.scratch import scratch
from berceau.workflows.rows.browsing import Browsing, browse
from berceau.workflows.rows.entities import read_entities
from berceau.workflows.rows.looking import look_at, with_related
from berceau.workflows.rows.operators import Filter
from berceau.workflows.shared.databases import Databases
from tests.orm.conftest import create_tables

database = GlobalDatabase()
BLOCKS = 100
"""How many more may be read of the large table: 20 of its rows share a place. It has 800."""


class Reader(database.Entity):
    name = Required(str, unique=True)
    small = Set("Small")
    large = Set("Large")


class Small(database.Entity):
    id = PrimaryKey(int, auto=True)
    reader = Required(Reader, index=True)
    at = Optional(int, index=True)
    data = Optional(Json)


class Large(database.Entity):
    id = PrimaryKey(int, auto=True)
    reader = Required(Reader, index=True)
    at = Optional(int, index=True)
    data = Optional(Json)


FILL = """
INSERT INTO {table} (reader, at, data) SELECT 1 + i %% 100, nullif(i %% 5000, 7), '{{"a": 1}}'
FROM generate_series(1, %s) AS i
"""
READ = """
SELECT sum(pg_stat_get_xact_blocks_fetched(oid)) FROM pg_class
WHERE relnamespace = current_schema()::regnamespace
"""


@pytest.fixture(scope="module")
def filled(server: Databases) -> Iterator[Connection]:
    with scratch(server.migration_url) as connection:
        create_tables(database, server, connection)
        execute(
            connection,
            "INSERT INTO reader (name) SELECT 'Reader ' || i FROM generate_series(1, 100) AS i",
        )
        for table, count in ("small", 1_000), ("large", 100_000):
            execute(connection, FILL.format(table=table), (count,))
            execute(connection, f"ANALYZE {table}")
        yield connection
        database.disconnect()


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"sort": "-id"},
        {"sort": "at"},
        {"sort": "-at"},
        {"filters": (Filter("reader", "equals", "7"),)},
        {"filters": (Filter("at", "at least", "100"), Filter("at", "less", "200")), "sort": "at"},
    ],
    ids=str,
)
def test_a_page_and_the_next_read_no_more_of_a_large_table(
    filled: Connection, how: dict[str, object]
) -> None:
    entities = read_entities(Privacy(), database)

    def blocks(entity: str) -> int:
        """Return how many blocks two pages read, and an object of the second."""
        before = int(fetch_value(filled, READ))
        page = browse(filled, entities, Browsing(entity, **how), 10)
        after = browse(filled, entities, Browsing(entity, **how, after=page.next or ""), 10)
        seen = look_at(filled, entities, "Reader", after.rows[-1].cells[1].key or "")
        assert seen is not None
        assert with_related(filled, entities, seen).related
        found = int(fetch_value(filled, READ)) - before
        filled.rollback()
        return found

    filled.autocommit = False
    try:
        assert blocks("Large") < blocks("Small") + BLOCKS
    finally:
        filled.rollback()
        filled.autocommit = True
