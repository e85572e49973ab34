"""Statistics are read as they are, from any version: these tests run on PostgreSQL 15, too."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from berceau.errors import StatisticsError
from berceau.planner.privacy import Privacy
from berceau.planner.statistics import Statistics
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.statistics.reading import read
from berceau.postgres.statistics.tracked_queries import read_queries

TABLES = """
CREATE TABLE person (id int PRIMARY KEY, email text NOT NULL, country text, born date);
CREATE INDEX person_lower_idx ON person (lower(email));
CREATE TABLE visit (id bigint PRIMARY KEY, person int REFERENCES person, at timestamp, tags text[]);
CREATE INDEX visit_tags_idx ON visit USING gin (tags);
CREATE TABLE berceau_migration (name text);
INSERT INTO person SELECT i, 'p' || i || '@example.org', (ARRAY['fr', 'de'])[1 + i % 2],
    CASE WHEN i % 4 > 0 THEN date '1990-01-01' + i END FROM generate_series(1, 400) i;
INSERT INTO visit SELECT i, 1 + i % 400, timestamp '2026-01-01' + i * interval '1 min',
    ARRAY['a', 'b' || i % 3] FROM generate_series(1, 3000) i;
ANALYZE person, visit;
"""


@pytest.fixture
def owner(database) -> Iterator[Connection]:
    with connect(database.migration_url, autocommit=True) as connection:
        with connection.cursor() as cursor:
            cursor.execute(TABLES)
        yield connection


@pytest.fixture
def found(owner, database) -> Callable[..., Statistics]:
    def found(privacy: Privacy | None = None) -> Statistics:
        return read(owner, database.migration_url.schema, privacy).statistics

    return found


def ask(connection: Connection, question: str) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()


def test_sizes_are_those_of_the_catalog_and_of_the_files(owner, found) -> None:
    table = found().table("visit")
    pages, rows, visible = ask(
        owner,
        "SELECT relpages, reltuples, relallvisible FROM pg_class WHERE oid = 'visit'::regclass",
    )
    assert (table.size.relpages, table.size.reltuples) == (pages, rows)
    assert (rows, table.size.relallvisible) == (3000, visible)
    assert table.size.blocks * 8192 == ask(owner, "SELECT pg_relation_size('visit')")[0]
    assert [index.name for index in table.indexes] == ["visit_pkey", "visit_tags_idx"]


def test_without_values_no_value_of_a_row_is_there(found) -> None:
    statistics = found()
    columns = {each.name: each for each in statistics.table("person").columns}
    assert set(columns) == {"id", "email", "country", "born"}
    assert (columns["country"].n_distinct, columns["born"].null_frac) == (2, 0.25)
    assert columns["id"].correlation == 1
    assert not [each for each in statistics.columns if each.values is not None]


def test_with_values_those_of_persons_are_kept_back(found) -> None:
    statistics = found(Privacy())
    values = {each.name: each.values for each in statistics.columns}
    assert set(values["country"].most_common_vals[1:-1].split(",")) == {"de", "fr"}
    assert values["country"].most_common_freqs == (0.5, 0.5)
    assert "2026-01-01" in values["at"].histogram_bounds
    assert values["tags"].most_common_elems is not None
    assert values["email"] is values["born"] is None
    assert values["lower"] is None  # the expression of an index on the address
    assert "example.org" not in repr(statistics)


def test_what_keeps_its_values_back_is_named(owner, database) -> None:
    schema = database.migration_url.schema
    withheld = read(owner, schema, Privacy(private=("visit.*",), public=("person.born",))).withheld
    assert set(withheld) == {
        *("person.email", "person_lower_idx.lower"),
        *("visit.at", "visit.id", "visit.person", "visit.tags"),
    }


def test_berceaus_own_tables_are_left_out(found) -> None:
    assert [table.name for table in found().tables] == ["person", "visit"]


def test_settings_of_the_planner_are_kept(owner, found) -> None:
    ask(owner, "SET random_page_cost = 1.1; SET work_mem = '8MB'; SELECT 1")
    ask(owner, "SET effective_cache_size = '1GB'; SET enable_seqscan = off; SELECT 1")
    settings = found().settings
    assert settings["random_page_cost"] == "1.1"
    assert (settings["work_mem"], settings["enable_seqscan"]) == ("8192kB", "off")
    assert settings["effective_cache_size"] == "1048576kB"


def test_it_is_said_what_is_missing(owner, database) -> None:
    ask(owner, "CREATE TABLE fresh AS SELECT generate_series(1, 9) n; SELECT 1")
    ask(owner, "CREATE STATISTICS person_pair ON email, country FROM person; SELECT 1")
    notes = " ".join(read(owner, database.migration_url.schema).notes)
    assert "Never analysed: fresh. Run ANALYZE" in notes
    assert "Extended statistics" in notes
    assert "person_pair" in notes
    assert "extension pageinspect" in notes


def test_without_the_extension_it_is_said_how_queries_are_counted(database) -> None:
    with connect(database.migration_url.with_database("template1"), autocommit=True) as connection:
        queries, (note,) = read_queries(connection)
    assert queries == ()
    assert "lacks the extension pg_stat_statements. Load it" in note


def test_a_role_without_rights_is_told_which_tables_it_misses(owner, database) -> None:
    with connect(database.runtime_url, autocommit=True) as connection:
        ask(owner, f"REVOKE ALL ON person FROM {database.runtime_url.user}; SELECT 1")
        found = read(connection, database.runtime_url.schema)
    assert not found.statistics.table("person").columns
    assert "may not see the statistics of person: use the owner's URL" in " ".join(found.notes)


def test_an_empty_schema_is_refused(database) -> None:
    with (
        connect(database.migration_url, autocommit=True) as connection,
        pytest.raises(StatisticsError, match="has no tables"),
    ):
        read(connection, database.migration_url.schema)


def test_a_schema_that_is_not_there_is_refused(owner) -> None:
    with pytest.raises(StatisticsError, match="has no schema 'nowhere'"):
        read(owner, "nowhere")


def test_ranges_have_statistics_since_17(owner, found) -> None:
    ask(
        owner,
        "CREATE TABLE stay (during daterange);"
        "INSERT INTO stay SELECT daterange(date '2026-01-01' + i, date '2026-01-09' + i)"
        " FROM generate_series(1, 300) i; ANALYZE stay; SELECT 1",
    )
    (column,) = found(Privacy()).table("stay").columns
    if owner.server_version >= 170000:
        assert "2026-01-02" in column.values.range_bounds_histogram
    else:
        assert column.values is None


def test_numbers_that_come_to_their_end_are_told(owner, found) -> None:
    ask(
        owner,
        "CREATE TABLE late (id serial, own int GENERATED BY DEFAULT AS IDENTITY, b bigserial);"
        "CREATE SEQUENCE wide; CREATE TABLE small (id smallint DEFAULT nextval('wide'));"
        "ALTER SEQUENCE wide OWNED BY small.id; SELECT setval('late_id_seq', 1900000000),"
        "setval('late_b_seq', 1900000000), setval('wide', 30000)",
    )
    assert [(each.table, each.column, each.last, each.most) for each in found().numbers] == [
        ("late", "id", 1900000000, 2147483647),
        ("small", "id", 30000, 32767),
    ]
