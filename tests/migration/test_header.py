import pytest

from berceau.errors import MigrationFileError
from berceau.migration.header import Header, checksum, parse, without

FULL = Header("20260101000000_a", ("blog", "demo"), ("20260101000000_b", "20260101000001_c"), "0f")


@pytest.mark.parametrize("header", [FULL, Header("none"), Header("20260101000000_a", ("demo",))])
def test_what_is_written_is_read(header: Header) -> None:
    assert parse(header.to_sql("20260102000000_x") + "SELECT 1;") == header


def test_no_parent_is_written_as_none() -> None:
    assert "-- Parent: none\n" in Header().to_sql("20260101000000_a")


NOTHING = {
    "an empty file": "",
    "SQL": "SELECT 1;",
    "other comments": "-- by hand\n-- Note: mind the step\nSELECT 1;",
    "what stands below the SQL": "SELECT 1;\n-- Parent: none",
    "what stands below an empty line": "-- by hand\n\n-- Parent: none\n",
}


@pytest.mark.parametrize("sql", NOTHING.values(), ids=NOTHING)
def test_a_migration_may_say_nothing(sql: str) -> None:
    assert parse(sql) == Header()


@pytest.mark.parametrize(
    "sql", ["--parent:none\r\n", "-- PARENT :  none  ", "\ufeff-- Parent: none"]
)
def test_spaces_and_case_are_free(sql: str) -> None:
    assert parse(sql).parent == "none"


MALFORMED = {
    "no parent named": ("-- by hand\n-- Parent:", 2, "nothing"),
    "two parents": ("-- Parent: a, b", 1, "a, b"),
    "words": ("-- Parent: the one before", 1, "the one before"),
    "a field twice": ("-- Parent: a\n-- Parent: a", 2, "twice"),
    "an empty name": ("-- Components: a,,b", 1, "a,,b"),
}


@pytest.mark.parametrize(("sql", "line", "says"), MALFORMED.values(), ids=MALFORMED)
def test_a_mistake_is_shown_with_its_line(sql: str, line: int, says: str) -> None:
    with pytest.raises(MigrationFileError, match=says) as caught:
        parse(sql)
    assert caught.value.where is not None
    assert caught.value.where.line == line


def test_the_sql_without_its_header() -> None:
    assert without(FULL.to_sql("n") + "SELECT 1;\n-- kept\n") == "SELECT 1;\n-- kept\n"
    assert without("SELECT 1;") == "SELECT 1;\n"


def test_the_checksum_is_that_of_the_sql_below_the_header() -> None:
    sql = "-- loses data\nDROP TABLE a;\n"
    whole = Header(generated=checksum(sql)).to_sql("n") + sql
    assert (
        checksum(without(whole)) == checksum(without(whole.replace("\n", "\r\n"))) == checksum(sql)
    )
    assert checksum(sql) != checksum(sql.removeprefix("-- loses data\n"))
