"""Where queries are from, and what is said of those that can't be read."""

from dataclasses import replace
from pathlib import Path

import pytest

from berceau.errors import BerceauError, StatisticsError
from berceau.planner.recorded import Recorded, to_text
from berceau.planner.statistics import QueryStatistics, Statistics
from berceau.settings import Settings
from berceau.workflows.advise.sources import find_source

COUNTED = QueryStatistics("SELECT a FROM t WHERE b = $1 LIMIT $2", 9, 1.0, 90)
SENT = Recorded("SELECT a FROM t WHERE b = $1 LIMIT 10", 2, 20, 0.1, ("a/views.py:4",))
PRODUCTION = Statistics(180000, "public", since="2026-11-01", queries=(COUNTED,))
QUIET = Statistics(180000, "public")


@pytest.fixture
def settings(tmp_path) -> Settings:
    (tmp_path / ".berceau").mkdir()
    return Settings(root=tmp_path)


@pytest.fixture
def recorded(settings) -> Path:
    file = settings.state / "queries.json"
    file.write_text(to_text([SENT, Recorded("SELECT 1 FROM t", 1, 1, 0.1)]))
    return file


def test_those_of_production_come_first_with_the_lines_of_tests(settings, recorded) -> None:
    found = find_source(settings, PRODUCTION, "s.json", "")
    assert (found.title, found.timed) == ("s.json, counted since 2026-11-01", True)
    assert [(each.text, each.lines) for each in found.queries] == [(COUNTED.text, SENT.lines)]
    recorded.unlink()
    assert find_source(settings, PRODUCTION, "s.json", "statistics").queries == (COUNTED,)


def test_the_field_of_an_extract_is_counted_as_a_value(settings, recorded) -> None:
    counted = replace(COUNTED, text="SELECT a FROM t WHERE EXTRACT($1 FROM b) = $2")
    text = "SELECT a FROM t WHERE EXTRACT(YEAR FROM b) = $1"
    recorded.write_text(to_text([replace(SENT, text=text)]))
    found = find_source(settings, replace(PRODUCTION, queries=(counted,)), "s.json", "")
    assert found.queries[0].lines == SENT.lines


def test_a_path_in_json_is_that_of_the_code_if_there_is_one_only(settings, recorded) -> None:
    counted = replace(COUNTED, text='SELECT a FROM t WHERE ("d" #>> $1) = $2 LIMIT $3')
    production = replace(PRODUCTION, queries=(counted,))
    kind, size = (
        replace(SENT, text=f"""SELECT a FROM t WHERE ("d" #>> '{{{path}}}') = $1 LIMIT 10""")
        for path in ("kind", "size")
    )
    recorded.write_text(to_text([kind]))
    (found,) = find_source(settings, production, "s.json", "").queries
    assert (found.text, found.lines, found.seconds) == (kind.text, SENT.lines, counted.seconds)
    recorded.write_text(to_text([kind, replace(size, lines=("a/views.py:5",))]))
    (found,) = find_source(settings, production, "s.json", "").queries
    assert (found.text, found.lines) == (counted.text, ("a/views.py:4", "a/views.py:5"))


def test_those_of_tests_come_second_without_what_only_tests_send(settings, recorded) -> None:
    found = find_source(settings, QUIET, "s.json", "")
    assert (found.title, found.timed) == ("the test run (.berceau/queries.json)", False)
    assert [each.text for each in found.queries] == [SENT.text]
    recorded.unlink()
    found = find_source(settings, QUIET, "s.json", "")
    assert found.queries == ()
    assert "run `invoke test`, which records queries" in " ".join(found.notes)


def test_a_file_has_sql_or_what_was_recorded(settings, recorded) -> None:
    (settings.root / "slow.sql").write_text("SET x = 1;\n-- a report\nSELECT 1;\nDELETE FROM t")
    found = find_source(settings, PRODUCTION, "s.json", "slow.sql")
    assert [(each.text, each.lines) for each in found.queries] == [
        ("SELECT 1", ("slow.sql:3",)),
        ("DELETE FROM t", ("slow.sql:4",)),
    ]
    recorded.rename(settings.root / "of_ci.json")
    assert len(find_source(settings, PRODUCTION, "s.json", "of_ci.json").queries) == 2


UNREADABLE = {
    "gone.sql": (None, "can't be read"),
    "none.sql": (b"-- nothing", "No queries are in it"),
    "meta.sql": (b"SELECT 1;\n\\d post\n", "psql"),
    "open.sql": (b"SELECT 'a", "never ends"),
    "binary.sql": (b"\xff\xfe", "can't be read"),
    "other.json": (b"{}", "isn't a file of recorded queries"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_said_with_its_file(settings, name: str) -> None:
    content, message = UNREADABLE[name]
    if content is not None:
        (settings.root / name).write_bytes(content)
    with pytest.raises(BerceauError) as caught:
        find_source(settings, PRODUCTION, "s.json", name)
    assert message in str(caught.value)
    assert caught.value.where.file == settings.root / name
    assert caught.value.cure


def test_without_a_test_run_it_is_said_how_to_record_one(settings) -> None:
    with pytest.raises(StatisticsError) as caught:
        find_source(settings, PRODUCTION, "s.json", "tests")
    assert "Run `invoke test`" in caught.value.cure


def test_a_database_that_counts_nothing_is_said(settings, server) -> None:
    url = server.migration_url.with_database("template1").with_password()
    uncounted = Settings(root=settings.root, database_url=url, migration_database_url=url)
    with pytest.raises(StatisticsError, match="lacks the extension pg_stat_statements"):
        find_source(uncounted, PRODUCTION, "s.json", "development")
