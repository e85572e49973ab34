import pytest

from berceau.errors import MigrationFileError
from berceau.migration.header import Header, Phase, checksum, moved, parse, without
from berceau.schema.kept import Kept, Kind
from berceau.schema.meaning import Meaning, Role

FULL = Header("20260101000000_a", ("blog", "demo"), ("20260101000000_b", "20260101000001_c"), "0f")
CONTRACT = Header("20260101000000_a", ("demo",), phase=Phase.CONTRACT)

KEPT = tuple(
    Kept(kind, place)
    for kind, place in (
        (Kind.COLUMN, ("post", "subtitle")),
        (Kind.COLUMN, ('a "b".c', "d, e")),
        (Kind.COLUMN, ("line\nbreak", "\u2028=\\")),
        (Kind.DEFAULT, ("post", "featured")),
        (Kind.TABLE, ("Größe",)),
        (Kind.LABEL, ("state", "")),
    )
)


def test_what_is_kept_survives_odd_names() -> None:
    header = Header("none", keeps=tuple(sorted(KEPT)), ends=KEPT[:1])
    assert parse(header.to_sql("20260102000000_x") + "SELECT 1;") == header


def test_means_and_keeps_have_names_in_one_form() -> None:
    means = tuple(
        Meaning(Role.COLUMN, (f"t {number}", each.place[-1]), "A.b")
        for number, each in enumerate(KEPT)
    )
    header = Header("none", means=means)
    assert parse(header.to_sql("20260102000000_x") + "SELECT 1;") == header


def test_names_that_were_quoted_as_in_sql_are_read() -> None:
    line = '-- Means: column "a ""b"" c"."d.e"=A.b, post."x\\\\y z"=A.c\n'
    assert [each.place for each in parse(line).means] == [
        ('a "b" c', "d.e"),
        ("post", "x\\y z"),
    ]


@pytest.mark.parametrize(
    "header", [FULL, Header("none"), Header("20260101000000_a", ("demo",)), CONTRACT]
)
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
    "nothing kept": ("-- Keeps:", 1, "Keeps says nothing"),
    "a kind that isn't one": ("-- Keeps: colour post.title", 1, "colour"),
    "a table of a table": ("-- Ends: table post.title", 1, "table post"),
    "another phase": ("-- Parent: a\n-- Phase: cleanup", 2, "Phase says cleanup"),
    "no phase": ("-- Phase:", 1, "Phase names nothing"),
    "two phases": ("-- Phase: expand, contract", 1, "Phase names expand, contract"),
    "a phase twice": ("-- Phase: contract\n-- Phase: contract", 2, "Phase is given twice"),
    "a phase below": ("-- Parent: a\n\n-- Phase: contract\nDROP TABLE a;", 3, "Phase stands below"),
}


@pytest.mark.parametrize(("sql", "line", "says"), MALFORMED.values(), ids=MALFORMED)
def test_a_mistake_is_shown_with_its_line(sql: str, line: int, says: str) -> None:
    with pytest.raises(MigrationFileError, match=says) as caught:
        parse(sql)
    assert caught.value.where is not None
    assert caught.value.where.line == line


def test_the_phase_is_expand_where_nothing_is_said() -> None:
    assert parse("-- Parent: none").phase is parse("-- Phase: expand").phase is Phase.EXPAND
    assert "Phase" not in Header("none").to_sql("n")
    assert parse("-- phase:contract\r\nDROP TABLE a;").phase is Phase.CONTRACT


def test_the_cure_of_a_phase_names_both() -> None:
    with pytest.raises(MigrationFileError) as caught:
        parse("-- Phase: later")
    assert "`-- Phase: expand` or `-- Phase: contract`" in str(caught.value.cure)


@pytest.mark.parametrize("field", ["Keeps", "Ends"])
def test_the_cure_of_what_is_kept_names_the_kinds(field) -> None:
    with pytest.raises(MigrationFileError, match=f"{field} says the old rows") as caught:
        parse(f"-- {field}: the old rows")
    assert "as in `-- Keeps: column post.note`" in str(caught.value.cure)
    assert "default" in str(caught.value.cure)


def test_a_moved_migration_keeps_its_phase() -> None:
    sql = CONTRACT.to_sql("20260102000000_x") + "DROP TABLE a;\n"
    header = parse(moved(sql, "20260103000000_x", "20260102000000_b"))
    assert (header.parent, header.phase) == ("20260102000000_b", Phase.CONTRACT)


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
