import pytest

from berceau.migration.destructive import Loss, Renamed, losses


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('DROP TABLE "My t"', Loss("table My t", 1, "My t")),
        ("\nDROP TABLE IF EXISTS t CASCADE", Loss("table t", 2, "t")),
        ("DROP TABLE a, b", Loss("DROP TABLE a, b", 1)),
        ("ALTER TABLE ONLY t DROP COLUMN c", Loss("column t.c", 1, "t", "c")),
        ("ALTER TABLE t DROP IF EXISTS c", Loss("column t.c", 1, "t", "c")),
        ("TRUNCATE t", Loss("TRUNCATE t", 1)),
        (
            "SELECT 1;\n-- loses data\n-- and more\nALTER TABLE t ALTER a TYPE int",
            Loss("ALTER TABLE t ALTER a TYPE int", 4),
        ),
    ],
)
def test_what_a_statement_loses(text, expected) -> None:
    assert losses(text, Renamed()) == (expected,)


@pytest.mark.parametrize(
    "text",
    [
        "ALTER TABLE t DROP CONSTRAINT c",
        "ALTER TABLE t ALTER c DROP NOT NULL",
        "ALTER TABLE t ALTER COLUMN c DROP DEFAULT",
        "DROP INDEX i",
        "-- loses data\n\nDROP TYPE e",
        "CREATE TABLE truncate ()",
    ],
)
def test_what_loses_nothing(text) -> None:
    assert losses(text, Renamed()) == ()


def test_names_are_those_before_the_first_script() -> None:
    renamed = Renamed()
    assert not losses(
        "ALTER TABLE a RENAME TO t; ALTER TABLE b RENAME TO a; ALTER TABLE IF EXISTS t RENAME TO b;"
        "ALTER TABLE b RENAME COLUMN x TO y; ALTER TABLE b RENAME CONSTRAINT x TO z",
        renamed,
    )
    found = losses("ALTER TABLE b RENAME y TO x; ALTER TABLE b DROP x; DROP TABLE a", renamed)
    assert found == (Loss("column a.x", 1, "a", "x"), Loss("table b", 1, "b"))
