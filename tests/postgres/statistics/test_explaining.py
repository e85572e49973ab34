"""Plans of queries that are known without their values, so without the types of these."""

from collections.abc import Iterator

import pytest

from berceau.errors import PlanError
from berceau.planner.shapes import shape
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.core.fetch import execute
from berceau.postgres.statistics.explaining import explain

TABLES = """
CREATE TABLE person (id int PRIMARY KEY, name text, is_active bool, marks int[]);
CREATE TABLE post (id int PRIMARY KEY, price numeric, at timestamptz);
"""
QUERIES = (
    "SELECT is_active, sum(CASE WHEN name = 'a' THEN 1 ELSE 0 END) FROM person GROUP BY 1",
    "SELECT sum(CASE WHEN name = 'a' THEN 1 ELSE 0 END), avg(CASE name WHEN 'b' THEN 0.5 END) "
    "FROM person",
    "SELECT date_trunc('day', at), count(*) FROM post GROUP BY date_trunc('day', at) "
    "ORDER BY date_trunc('day', at) DESC NULLS LAST",
    "SELECT DISTINCT price / 10 FROM post ORDER BY price / 10",
    "SELECT CASE WHEN price > 9 THEN 'dear' ELSE 'cheap' END, count(*) FROM post "
    "GROUP BY CASE WHEN price > 9 THEN 'dear' ELSE 'cheap' END",
    "SELECT name FROM generate_series(1, 5) g JOIN person ON id = g WHERE marks && ARRAY[1, 2]",
    "SELECT id FROM post WHERE at > current_date - 7 AND at < now() - interval '1 day'",
    "SELECT name FROM (VALUES (1, 'a'), (2, 'b')) AS v (number, text) JOIN person ON id = number",
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT i FROM n",
    "UPDATE post SET price = CASE WHEN id > 5 THEN 1.5 ELSE price * 2 END WHERE id % 3 = 1 + 1",
    "SELECT 'ü', price::numeric(10, 2), sum(1) FROM post GROUP BY 2 ORDER BY 3, 2",
)


@pytest.fixture
def connection(database) -> Iterator[Connection]:
    """The owner's connection, in a transaction with the tables."""
    with connect(database.migration_url) as connection:
        execute(connection, TABLES)
        yield connection


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_is_planned_without_its_values(connection, query: str) -> None:
    assert explain(connection, shape(query)).cost > 0


def test_the_first_reason_is_told_where_no_guess_helps(connection) -> None:
    with pytest.raises(PlanError, match=r"function sum\(text\) does not exist\n") as caught:
        explain(connection, "SELECT sum(CASE WHEN $1 THEN name ELSE $2 END) FROM person")
    assert caught.value.reason == "function sum(text) does not exist"
    assert explain(connection, "SELECT id FROM post WHERE id = $1").indexes == ("post_pkey",)
