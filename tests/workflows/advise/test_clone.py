"""The clone plans like its source, and nothing reads its rows."""

import json
import re
from dataclasses import replace

import psycopg2
import pytest

from berceau.errors import ConnectionFailedError, PermissionMissingError, PlanError, StatisticsError
from berceau.planner.expectations import Expectation
from berceau.planner.plan import Node, from_json
from berceau.planner.privacy import Privacy
from berceau.planner.statistics import IndexStatistics, Size, Statistics, TableStatistics
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.core.fetch import execute, fetch, fetch_value
from berceau.workflows.advise.clone import find_file, planning, read_file
from berceau.workflows.shared.databases import embedded_server

pytestmark = pytest.mark.slow

ALL = Privacy(public=("*",))
QUERIES = [
    "SELECT * FROM post WHERE id = 7",
    "SELECT * FROM post WHERE author = 7 ORDER BY at DESC LIMIT 5",
    "SELECT * FROM post WHERE state = 'draft' AND at > '2026-01-20'",
    "SELECT * FROM post WHERE tags @> ARRAY['tag7']",
    "SELECT * FROM person WHERE lower(email) = 'p7@example.org'",
    "SELECT p.id, count(*) FROM person p JOIN post o ON o.author = p.id WHERE p.country = 'fr'"
    " GROUP BY p.id",
    "SELECT * FROM person p WHERE NOT EXISTS (SELECT FROM post o WHERE o.author = p.id)",
    "SELECT max(at) FROM post WHERE author = 3",
    "UPDATE post SET state = 'gone' WHERE at < '2026-01-02'",
    "SELECT * FROM post ORDER BY at LIMIT 3",
]


def explain(connection: Connection, query: str, options: str = "") -> Node:
    found = fetch_value(connection, f"EXPLAIN (FORMAT JSON, VERBOSE{options}) {query}")
    # Pony changes what psycopg2 makes of JSON.
    return from_json((json.loads(found) if isinstance(found, str) else found)[0])


def test_it_plans_as_its_source(settings, source, statistics) -> None:
    with planning(settings, statistics(ALL)) as (plans, made):
        for query in QUERIES:
            expected, found = explain(source, query), plans.plan(query)
            assert found.structure == expected.structure, f"{expected}\n{found}"
            assert found.cost == pytest.approx(expected.cost, rel=0.005), query
    assert made.notes == ()


def test_without_values_parameters_are_planned_as_in_the_source(
    settings, source, statistics
) -> None:
    queries = [
        "SELECT * FROM post WHERE author = $1 ORDER BY at DESC LIMIT 5",
        "SELECT * FROM post WHERE state = 'draft' AND at > $1",
        "SELECT p.id FROM person p JOIN post o ON o.author = p.id WHERE p.country = $1",
    ]
    with planning(settings, statistics()) as (plans, _):
        for query in queries:
            expected = explain(source, query, ", GENERIC_PLAN")
            assert plans.plan(query).structure == expected.structure


def test_without_values_ranges_find_as_many_rows_as_for_any_values(settings, statistics) -> None:
    rows = {
        "at > '2026-01-20'": 10_000,
        "at >= timestamp '2026-01-20' AND at < timestamp '2026-01-21'": 150,
        "at BETWEEN now() - interval '7 days' AND now()": 150,
        "at > '2026-01-20' AND state = 'draft'": 3333,
    }
    with planning(settings, statistics()) as (plans, _):
        for condition, expected in rows.items():
            assert plans.plan(f"SELECT * FROM post WHERE {condition}").rows == expected, condition
    with planning(settings, statistics(ALL)) as (plans, _):
        plan = plans.plan("SELECT * FROM post WHERE at > '2026-01-20'")
        assert plan.rows == pytest.approx(30_000 - 19 * 24 * 60, rel=0.05)


REFUSED = [
    "ANALYZE SELECT * FROM post",
    "SELECT 1; SELECT * FROM post",
    "SELECT 1; DROP TABLE post",
    "(ANALYZE) SELECT * FROM post",
    "COPY post TO STDOUT",
    "DO $$ BEGIN END $$",
    "SELECT nothing FROM post",
    "TRUNCATE post",
    "",
]


def test_nothing_reads_its_rows(settings, statistics, database) -> None:
    with planning(settings, statistics()) as (plans, made):
        for query in REFUSED:
            with pytest.raises(PlanError, match="can't be planned") as caught:
                plans.plan(query)
            assert "It has to be one statement" in caught.value.cure
    schema = database.migration_url.schema
    with connect(made.url, autocommit=True) as connection:
        for query in (
            f"SELECT * FROM {schema}.post",
            f"EXPLAIN ANALYZE SELECT * FROM {schema}.post",
            f"INSERT INTO {schema}.person VALUES (1, 'a', 'b')",
            "CREATE TABLE a (b int)",
            "CREATE TEMPORARY TABLE a (b int)",
            "SET ROLE berceau_app",
        ):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                execute(connection, query)
    server = embedded_server(settings)
    for url in (server.runtime_url, server.owner_url):
        with pytest.raises((PermissionMissingError, ConnectionFailedError)):
            connect(url.with_database(made.url.database))


def test_the_same_clone_is_used_again(settings, statistics) -> None:
    found = statistics()
    with planning(settings, found) as (_, first), connect(first.admin_url) as admin:
        # Whoever makes it drops one that is half made, and ends who is connected.
        with planning(settings, found) as (_, second):
            assert second == first
        assert fetch_value(admin, "SELECT 1") == 1
    with planning(settings, replace(found, settings={"enable_seqscan": "off"})) as (_, third):
        assert third.url.database != first.url.database


def test_what_differs_from_the_source_is_said(settings, statistics, connected) -> None:
    connected.migration(
        "20260102000000_next",
        "ALTER TABLE person DROP COLUMN country; ALTER TABLE person ADD COLUMN city text;"
        "CREATE TABLE fresh (a int); CREATE INDEX post_state_idx ON post (state);"
        "DROP INDEX post_tags_idx;",
    )
    with planning(settings, statistics(ALL)) as (plans, made):
        plan = plans.plan("SELECT count(*) FROM post WHERE state = 'gone'")
    assert made.notes == (
        "Of the source only, and left out: column person.country, index post_tags_idx.",
        "Without statistics, so planned by PostgreSQL's guess: fresh.",
        "Columns without statistics: person.city.",
        "Indexes that the source lacks, of estimated sizes: post_state_idx.",
    )
    assert plan.indexes == ("post_state_idx",)


def test_roles_that_migrations_name_are_made(settings, statistics, connected) -> None:
    connected.migration(
        "20260102000000_next",
        'GRANT SELECT ON post TO berceau_test_reports; CREATE POLICY own ON post TO "Reports";',
    )
    with planning(settings, replace(statistics(), postgresql=150003)) as (plans, made):
        assert plans.plan("SELECT * FROM post").seq_scans == ("post",)
    with connect(made.admin_url.with_database("postgres"), autocommit=True) as admin:
        execute(admin, f"DROP DATABASE {made.url.database} WITH (FORCE)")
        execute(admin, 'DROP ROLE berceau_test_reports, "Reports"')
    assert made.notes == (
        "The source is PostgreSQL 15, and the clone 18: plans may differ.",
        "Migrations name roles that were made for them, without login: berceau_test_reports, "
        "Reports.",
    )


def test_a_file_of_another_project_is_refused(settings, statistics) -> None:
    found = statistics()
    others = tuple(replace(each, name=f"other_{each.name}") for each in found.tables)
    with (
        pytest.raises(
            StatisticsError, match=r"None of the tables .* such as other_person"
        ) as caught,
        planning(settings, replace(found, tables=others)),
    ):
        pass
    assert "Name the file of this project" in caught.value.cure


def test_numbers_that_no_table_has_are_refused(settings, statistics) -> None:
    found = statistics()
    huge = tuple(replace(each, size=Size(2**40, 1.0, 1)) for each in found.tables)
    with (
        pytest.raises(StatisticsError, match="integer out of range"),
        planning(settings, replace(found, tables=huge)),
    ):
        pass


def test_values_that_have_become_another_type_are_left_out(settings, statistics, connected) -> None:
    connected.migration(
        "20260102000000_next",
        "ALTER TABLE person ALTER country TYPE int USING length(country);",
    )
    with planning(settings, statistics(ALL)) as (plans, made):
        plans.plan("SELECT * FROM person WHERE country = 2")
    assert "PostgreSQL didn't load all statistics." in made.notes[0]


def test_relations_of_many_gigabytes_take_no_space(settings, data, database) -> None:
    pages = 300_000  # three files
    given = Statistics(
        180006,
        database.migration_url.schema,
        tables=(
            TableStatistics(
                "post",
                Size(pages, 3e7, pages),
                indexes=(IndexStatistics("post_author_idx", Size(80_000, 3e7, 80_000), 3),),
            ),
        ),
    )
    with planning(settings, given) as (plans, made):
        plan = plans.plan("SELECT * FROM post")
        assert plan.rows == pytest.approx(3e7)
        with connect(made.admin_url, autocommit=True) as admin:
            schema = database.migration_url.schema
            path = fetch_value(admin, f"SELECT pg_relation_filepath('{schema}.post')")
            oid = fetch_value(
                admin, f"SELECT oid FROM pg_database WHERE datname = '{made.url.database}'"
            )
            execute(admin, "CREATE EXTENSION amcheck")
            checked = f"SELECT bt_index_check('{schema}.post_author_idx')"
            assert fetch(admin, checked) == [("",)]
    assert [(data / f"{path}{part}").stat().st_size for part in ("", ".1", ".2")] == [
        2**30,
        2**30,
        pages * 8192 - 2 * 2**30,
    ]
    used = sum(file.stat().st_blocks * 512 for file in (data / "base" / str(oid)).iterdir())
    assert used < 20 * 2**20


def test_settings_and_collation_are_the_sources(settings, statistics, connected) -> None:
    connected.migration("20260102000000_next", "CREATE INDEX person_email_idx ON person (email);")
    like = "SELECT * FROM person WHERE email LIKE 'p99%'"
    found = statistics(ALL)
    with planning(settings, found) as (plans, _):
        assert plans.plan(like).indexes == ("person_email_idx",)
    with planning(settings, replace(found, collation="xx_XX.unknown")) as (plans, _):
        assert plans.plan(like).seq_scans == ("person",)
    with planning(settings, replace(found, settings={"seq_page_cost": "10", "gone": "1"})) as (
        p,
        _,
    ):
        assert p.plan("SELECT * FROM person").cost > 10 * found.table("person").size.blocks


WRONG = {
    "seq_page_cost": ("settings", {"seq_page_cost": "cheap"}, "invalid value for parameter"),
    "session_preload_libraries": (
        "settings",
        {"session_preload_libraries": "passwordcheck"},
        "has session_preload_libraries, which isn't a setting of the planner",
    ),
    "search_path": ("settings", {"search_path": "other"}, "has search_path, which isn't"),
    "rows of an index that is new": (
        "tables",
        (TableStatistics("person", Size(1, 3e38, 1)), TableStatistics("post", Size(1, 3e38, 1))),
        "can't take the numbers in the file of statistics. It says: integer out of range",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_postgresql_cannot_take_is_refused_with_a_cure(settings, database, name) -> None:
    part, value, message = WRONG[name]
    tables = (TableStatistics("post", Size(1, 10.0, 1)),)
    given = Statistics(180006, database.migration_url.schema, tables=tables)
    with (
        pytest.raises(StatisticsError, match=re.escape(message)) as caught,
        planning(settings, replace(given, **{part: value})),
    ):
        pass
    assert caught.value.cure


def test_a_candidate_is_there_for_one_plan(settings, source, statistics) -> None:
    query = "SELECT * FROM post WHERE state = 'gone' ORDER BY at LIMIT 5"
    text = "CREATE INDEX tried ON post (state, at)"
    with planning(settings, statistics(ALL), {"tried": text}) as (plans, made):
        before, tried, after = plans.plan(query), plans.plan(query, ["tried"]), plans.plan(query)
    execute(source, text)
    real = explain(source, query)
    assert before == after
    assert tried.structure == real.structure
    assert tried.cost == pytest.approx(real.cost, rel=0.02)
    assert made.notes == ()


PARTITIONS = """
CREATE TABLE event (id int NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
CREATE INDEX event_at_idx ON event (at);
CREATE TABLE event_old PARTITION OF event FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
"""


def test_a_partitioned_table_has_the_names_of_its_partitions(
    settings, source, statistics, connected
) -> None:
    connected.migration("20260102000000_events", PARTITIONS)
    execute(source, PARTITIONS)
    with planning(settings, statistics()) as (plans, _):
        known = plans.relations()
        plan = plans.plan("SELECT * FROM event WHERE at = '2025-02-03' AND id = 7")
        expected = Expectation.of(no_seq_scan="event", uses="event_at_idx")
        assert sorted(known.tables) == ["event", "event_old", "person", "post"]
        assert sorted(known.indexes["event_at_idx"]) == ["event_at_idx", "event_old_at_idx"]
        assert (plan.indexes, list(expected.failures([plan], known))) == (("event_old_at_idx",), [])


def test_which_file_is_meant(settings) -> None:
    with pytest.raises(StatisticsError, match="no file of statistics") as caught:
        find_file(settings)
    assert "invoke stats.save" in caught.value.cure
    folder = settings.root / "statistics"
    folder.mkdir()
    (folder / "a.json").write_text(json.dumps({}))
    assert find_file(settings) == folder / "a.json"
    (folder / "b.json").touch()
    with pytest.raises(
        StatisticsError, match=r"several files .* statistics/a.json, statistics/b"
    ) as caught:
        find_file(settings)
    assert 'file = "statistics/a.json" under [tool.berceau.statistics]' in caught.value.cure
    assert find_file(settings, "statistics/b.json") == folder / "b.json"
    named = replace(settings, statistics_file="statistics/a.json")
    assert find_file(named) == folder / "a.json"
    assert find_file(named, "statistics/b.json") == folder / "b.json"
    with pytest.raises(
        StatisticsError, match=r"no file eu.json, which file of .*statistics. names"
    ):
        find_file(replace(settings, statistics_file="eu.json"))


def test_a_damaged_file_is_named(settings) -> None:
    (settings.root / "a.json").write_text("{")
    with pytest.raises(StatisticsError) as caught:
        read_file(settings.root / "a.json")
    assert caught.value.where.file == settings.root / "a.json"
    with pytest.raises(StatisticsError, match="can't be read"):
        read_file(settings.root / "b.json")
