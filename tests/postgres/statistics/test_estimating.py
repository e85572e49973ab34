"""The sizes of B-trees, estimated from the statistics of columns, and those of real ones."""

from collections.abc import Iterator

import pytest

from berceau.planner.sizes import estimate_btree, estimate_heap, estimate_height
from berceau.planner.statistics import ColumnStatistics, Statistics
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute, fetch_value
from berceau.postgres.inspect.scratch import scratch
from berceau.postgres.statistics.loading import of_columns
from berceau.postgres.statistics.reading import read

ROWS = 40_000
TABLE = f"""
CREATE TABLE a AS SELECT i AS own, i % 7 AS few, (i % 400)::bigint AS many, i / 2 AS pairs,
    md5(i::text) AS text, 'x' || i % 50 AS name, i % 3 = 0 AS flag, gen_random_uuid() AS id,
    CASE WHEN i % 2 = 0 THEN i END AS half, timestamp '2026-01-01' + i * interval '1 min' AS at
    FROM generate_series(1, {ROWS}) i;
ANALYZE a;
"""
INDEXES = [
    *("own", "few", "many", "pairs", "text", "name", "flag", "id", "half", "at"),
    *("few, own", "name, at", "flag, few", "text, id", "many, few"),
]


@pytest.fixture(scope="module")
def table(server) -> Iterator[tuple[Connection, Statistics]]:
    """Give a connection to a schema with the table, and its statistics."""

    with scratch(server.migration_url) as connection:
        execute(connection, TABLE)
        schema = fetch_value(connection, "SELECT current_schema()")
        yield connection, read(connection, schema).statistics


@pytest.mark.parametrize("columns", INDEXES)
def test_the_estimate_is_near_the_real_size(table, columns: str) -> None:
    connection, statistics = table
    execute(connection, f"CREATE INDEX tried ON a ({columns})")
    real = fetch_value(connection, "SELECT pg_relation_size('tried') / 8192")
    execute(connection, "DROP INDEX tried")
    found = estimate_btree(ROWS, of_columns(statistics, "a", columns.split(", ")))
    assert found.pages == pytest.approx(real, rel=0.12)


@pytest.mark.parametrize(
    ("pages", "width", "height"),
    [(1, 4, 0), (2, 4, 0), (3, 4, 1), (280, 4, 1), (300, 4, 2), (60_000, 8, 2), (379, 32, 2)],
)
def test_a_height_follows_from_pages_and_width(pages: int, width: int, height: int) -> None:
    assert estimate_height(pages, [ColumnStatistics("a", 0.0, width, -1.0)]) == height


def test_a_table_is_as_large_as_its_rows_need(table) -> None:
    connection, statistics = table
    real = fetch_value(connection, "SELECT pg_relation_size('a') / 8192")
    found = estimate_heap(ROWS, statistics.table("a").columns)
    assert real <= found <= 1.2 * real


def test_an_index_of_nothing_is_its_metapage() -> None:
    assert estimate_btree(0, ()).pages == 1
