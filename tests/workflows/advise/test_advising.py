"""Which indexes are advised for queries of real tables, each tried in the clone."""

import json
from collections.abc import Callable, Iterator

import pytest

from berceau.planner.plan import Node, from_json
from berceau.planner.privacy import Privacy
from berceau.planner.statistics import QueryStatistics
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.core.fetch import execute, fetch_value
from berceau.postgres.statistics.reading import read
from berceau.workflows.advise.advising import Advised, advise
from berceau.workflows.advise.sources import Source

pytestmark = pytest.mark.slow

SCHEMA = """
CREATE EXTENSION pg_trgm;
CREATE TABLE person (id int PRIMARY KEY, email text NOT NULL, joined date NOT NULL);
CREATE TABLE job (
    id int PRIMARY KEY, person int NOT NULL REFERENCES person, state text NOT NULL,
    done timestamp, priority int NOT NULL, words int NOT NULL, title text NOT NULL,
    tags text[] NOT NULL, data jsonb NOT NULL);
CREATE INDEX job_person_idx ON job (person);
"""
ROWS = """
INSERT INTO person SELECT i, 'P' || i || '@example.org', date '2026-01-01' + i % 300
    FROM generate_series(1, 6000) i;
INSERT INTO job SELECT i, 1 + i % 4000, (ARRAY['ok', 'ok', 'ok', 'failed'])[1 + (i % 100) / 33],
    CASE WHEN i % 50 > 0 THEN timestamp '2026-01-01' + i * interval '1 min' END, i % 7, i % 900,
    md5(i::text) || 'tea', ARRAY['tag' || i % 3000], jsonb_build_object('kind', i % 2000)
    FROM generate_series(1, 40000) i;
VACUUM (ANALYZE) person, job
"""


@pytest.fixture
def source(settings, database) -> Iterator[Connection]:
    """The owner's connection to the tables with their rows, which the project has, too."""
    migration = settings.migrations / "20260101000000_init" / "migration.sql"
    migration.write_text(SCHEMA)
    with connect(database.migration_url, autocommit=True) as connection:
        for text in (*SCHEMA.split(";\n"), *ROWS.split(";\n")):
            if text.strip():
                execute(connection, text)
        yield connection


@pytest.fixture
def advised(settings, database, source) -> Callable[..., Advised]:
    """Return a function that advises on queries, by the statistics of the source."""
    found = read(source, database.migration_url.schema, Privacy(public=("*",))).statistics

    def run(*queries: str) -> Advised:
        given = tuple(QueryStatistics(text, 10, 1.0, 10) for text in queries)
        return advise(settings, found, Source("a test", given, timed=True))

    return run


ADVISED = {
    "SELECT * FROM job WHERE done IS NULL ORDER BY priority LIMIT 10": (
        "job (priority) WHERE done IS NULL"
    ),
    "SELECT * FROM job WHERE state = 'failed'": "job (state) WHERE state = 'failed'::text",
    "SELECT sum(words) FROM job WHERE priority = $1": "job (priority) INCLUDE (words)",
    "SELECT * FROM job WHERE tags @> $1": "job USING gin (tags)",
    "SELECT id FROM job WHERE ARRAY['tag7'] <@ tags": "job USING gin (tags)",
    "SELECT * FROM job WHERE data @> $1": "job USING gin (data)",
    "SELECT * FROM job WHERE title ILIKE '%0a1b2c%'": "job USING gin (title gin_trgm_ops)",
    "SELECT * FROM person WHERE lower(email) = $1": "person (lower(email))",
    "SELECT * FROM job WHERE lower(title) LIKE 'a0b1%'": "job (lower(title))",
    "SELECT * FROM job WHERE words * priority BETWEEN 17 AND 18": "job ((words * priority))",
    "SELECT * FROM job WHERE to_tsvector('simple', title) @@ to_tsquery('simple', $1)": (
        "job USING gin (to_tsvector('simple'::regconfig, title))"
    ),
    "SELECT * FROM job ORDER BY state DESC, id LIMIT 10": "job (state, id DESC)",
    "SELECT * FROM job ORDER BY words DESC, id LIMIT 10": "job (words)",
    "SELECT max(words) FROM job": "job (words)",
    "SELECT * FROM job WHERE data #>> '{kind}' = $1": "job ((data #>> '{kind}'::text[]))",
    "SELECT * FROM job WHERE reverse(title) = $1 LIMIT 2": "job (reverse(title))",
}
"""What each query is advised; two share an index."""
UNADVISED = (
    "SELECT * FROM job WHERE person = $1",
    "SELECT count(*) FROM job",
    "SELECT * FROM person WHERE age(joined) = $1",  # no index can have it as its key
)


def test_kinds_of_indexes_are_advised_and_none_that_is_there(advised) -> None:
    advice = advised(*ADVISED, *UNADVISED).advice
    found = {each.planned.query.text: str(a.candidate) for a in advice for each in a.helped}
    assert found == ADVISED
    for helped in (each for a in advice for each in a.helped):
        assert helped.after.cost < helped.before.cost * 0.7


def test_the_real_indexes_are_used_at_about_the_cost_that_was_tried(advised, source) -> None:
    off = {}
    for each in advised(*ADVISED).advice:
        execute(source, f"CREATE INDEX tried {each.candidate.sql}")
        for helped in each.helped:
            real = explained(source, helped.planned.text)
            assert "tried" in real.indexes, f"{real}\n{helped.after}"
            off[str(each.candidate)] = real.cost / helped.after.cost
        execute(source, "DROP INDEX tried")
    # How many rows have a trigram isn't known: the size of such an index is a rough guess.
    assert off.pop("job USING gin (title gin_trgm_ops)") < 2
    assert all(each == pytest.approx(1, abs=0.05) for each in off.values()), off


def test_an_expression_that_rows_are_sorted_by_is_advised(advised) -> None:
    found = advised(
        "SELECT * FROM job ORDER BY upper(title) LIMIT 10",
        "SELECT * FROM person WHERE joined = $1 ORDER BY lower(email) DESC LIMIT 10",
        "SELECT lower(email) AS e, count(*) AS n FROM person GROUP BY e ORDER BY n DESC LIMIT 10",
    ).advice
    assert {str(each.candidate) for each in found} == {
        *("job (upper(title))", "person (joined, lower(email))")
    }


def test_queries_that_cannot_be_planned_are_part_of_the_time(advised) -> None:
    plannable = "SELECT * FROM job WHERE extract($1 FROM done) = $2 LIMIT $3"
    found = advised(
        plannable, "SELECT * FROM gone", "SELECT b FROM job", "SELECT count(*) FROM job"
    )
    assert {each.planned.query.text for each in found.slow} == {  # equally slow
        plannable,
        "SELECT count(*) FROM job",
    }
    assert found.advice == ()  # which field it is isn't known
    assert [each.share for each in found.slow] == pytest.approx([0.25, 0.25])
    assert [(each.query.text, each.share) for each in found.unplanned] == [
        ("SELECT * FROM gone", 0.25),
        ("SELECT b FROM job", 0.25),
    ]
    assert "2 queries can't be planned, with 50.0% of the time" in found.notes[-1]


def explained(connection: Connection, query: str) -> Node:
    generic = ", GENERIC_PLAN" if "$1" in query else ""
    found = fetch_value(connection, f"EXPLAIN (FORMAT JSON, VERBOSE{generic}) {query}")
    # Pony changes what psycopg2 makes of JSON.
    return from_json((json.loads(found) if isinstance(found, str) else found)[0])


def test_an_or_gets_an_index_for_each_arm_unless_it_is_a_place_in_an_order(advised) -> None:
    page = "SELECT * FROM job WHERE {} ORDER BY title, id LIMIT 10"
    by_or = page.format("title > $1 OR (title = $1 AND id > $2)")
    by_row = page.format("(title, id) > ($1, $2)")
    either = "SELECT * FROM job WHERE words = $1 OR tags @> $2"
    found = advised(by_or, by_row, either)
    helped = {
        str(each.candidate): [helped.planned.query.text for helped in each.helped]
        for each in found.advice
    }
    assert helped == {
        "job (words)": [either],
        "job USING gin (tags)": [either],
        "job (title)": [by_row],
    }
    (slow,) = (each for each in found.slow if each.planned.query.text == by_or)
    assert "write `(title, id) > ($1, $2)`" in slow.reasons[0]
