from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from berceau.errors import MigrationFileError
from berceau.migration.splitter import split
from berceau.migration.transaction_groups import Mode, changes_session, cut, outside_of_schema

FILE = Path("migrations/20260101000000_x/migration.sql")


def shape(text: str) -> list[str]:
    """Give the groups in short: numbers, and ``!`` where there is no transaction."""
    return [
        ("!" if group.mode is Mode.ALONE else "") + f"{group.first}-{group.last}"
        for group in cut(text, FILE)
    ]


CASES = {
    "nothing": ("-- nothing", []),
    "a run is one transaction": ("SELECT 1; SELECT 2; SELECT 3", ["1-3"]),
    "written transactions": ("SELECT 1; BEGIN; SELECT 2; COMMIT; SELECT 3", ["1-1", "2-2", "3-3"]),
    "two in a row": ("BEGIN; SELECT 1; END; BEGIN WORK; SELECT 2; COMMIT WORK", ["1-1", "2-2"]),
    "an empty one": ("BEGIN; COMMIT; SELECT 1", ["1-1"]),
    "concurrently": (
        "SELECT 1; CREATE UNIQUE INDEX CONCURRENTLY i ON t (a); SELECT 2; SELECT 3;"
        "DROP INDEX /* now */ CONCURRENTLY IF EXISTS i; SELECT 4",
        ["1-1", "!2-2", "3-4", "!5-5", "6-6"],
    ),
    "reindex": (
        "REINDEX TABLE CONCURRENTLY t; REINDEX (CONCURRENTLY) TABLE t; REINDEX TABLE t",
        ["!1-1", "!2-2", "3-3"],
    ),
    "the server": ("VACUUM t; ALTER SYSTEM SET a = 1; CREATE DATABASE d", ["!1-1", "!2-2", "!3-3"]),
    "detach": ("ALTER TABLE a.b DETACH PARTITION c CONCURRENTLY", ["!1-1"]),
    "procedures": ("CALL p(); DO $$BEGIN COMMIT; END$$; DO $$$$", ["!1-1", "!2-2", "3-3"]),
    "new values": (
        "ALTER TYPE \"my e\" ADD VALUE 'a'; ALTER TYPE s.e ADD VALUE 'b'; UPDATE t SET a = 'a'",
        ["1-2", "3-3"],
    ),
    "new values in a transaction": ("BEGIN; ALTER TYPE e ADD VALUE 'a'; SELECT 1; COMMIT", ["1-2"]),
    "savepoints": (
        "BEGIN; SAVEPOINT a; SELECT 1; ROLLBACK TO a; ROLLBACK TRANSACTION TO SAVEPOINT a; COMMIT",
        ["1-4"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_segment_is_what_one_transaction_can_hold(name) -> None:
    text, expected = CASES[name]
    assert shape(text) == expected


def test_a_written_transaction_keeps_its_options() -> None:
    (group,) = cut("BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; COMMIT", FILE)
    assert group.begin == "BEGIN ISOLATION LEVEL SERIALIZABLE"


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("ROLLBACK", "ROLLBACK"),
        ("BEGIN; SELECT 1; ROLLBACK", "ROLLBACK"),
        ("ABORT", "ROLLBACK"),
        ("BEGIN", "BEGIN without"),
        ("COMMIT", "COMMIT without"),
        ("BEGIN; BEGIN; COMMIT", "BEGIN inside"),
        ("BEGIN; SELECT 1; COMMIT AND CHAIN", "AND CHAIN"),
        ("BEGIN; PREPARE TRANSACTION 'a'", "two-phase"),
        ("BEGIN; DROP INDEX CONCURRENTLY a; COMMIT", "inside of a transaction"),
        ("CREATE INDEX CONCURRENTLY ON t (a)", "without a name"),
        ("DISCARD ALL", "DISCARD ALL"),
    ],
)
def test_what_would_leave_doubt_is_refused_with_its_line(statement, message) -> None:
    with pytest.raises(MigrationFileError, match=message) as caught:
        cut(f"SELECT 1;\n\n{statement};", FILE)
    assert caught.value.where.file == FILE
    assert caught.value.where.line == 3
    assert caught.value.cure


@given(
    st.lists(
        st.sampled_from([
            "SELECT 1", "BEGIN; SELECT 2; COMMIT", "VACUUM t", "ALTER TYPE e ADD VALUE 'a'", "",
        ])
    )
)  # fmt: skip
def test_no_statement_is_lost_or_moved(statements) -> None:
    text = ";\n".join(statements)
    groups = cut(text, FILE)
    kept = [statement for group in groups for statement in group.statements]
    assert kept == [
        statement for statement in split(text) if statement.head[0] not in ("begin", "commit")
    ]
    numbers = [number for group in groups for number, _ in group.numbered()]
    assert numbers == list(range(1, len(kept) + 1))
    for done in range(len(kept) + 1):
        rest = [group.after(done) for group in groups if group.last > done]
        assert [number for group in rest for number, _ in group.numbered()] == numbers[done:]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("SET search_path = a", True),
        ("RESET ROLE", True),
        ("SELECT pg_catalog.set_config('search_path', '', false)", True),
        ("SET LOCAL search_path = a", False),
        ("SET TRANSACTION READ ONLY", False),
        ("SELECT 1", False),
    ],
)
def test_settings_are_known(statement, expected) -> None:
    assert changes_session(split(statement)[0]) is expected


@pytest.mark.parametrize(
    ("statement", "expected"),
    [("VACUUM", True), ("ALTER SYSTEM RESET ALL", True), ("CREATE TABLE vacuum ()", False)],
)
def test_what_changes_no_schema_is_known(statement, expected) -> None:
    assert outside_of_schema(split(statement)[0]) is expected
