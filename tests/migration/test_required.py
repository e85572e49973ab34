"""Which columns SQL requires a value in, of rows as they are before it runs."""

import pytest

from berceau.migration.required import Requirements

SET = "ALTER TABLE a ALTER COLUMN x SET NOT NULL;\n"
REQUIRED = {
    SET: [("a", "x")],
    'ALTER TABLE ONLY "A b" ALTER "x y" SET NOT NULL;': [("A b", "x y")],
    "ALTER TABLE a ADD CONSTRAINT c CHECK (x IS NOT NULL) NOT VALID;\n" + SET: [("a", "x")],
    "ALTER TABLE a RENAME TO b; ALTER TABLE b RENAME y TO x;ALTER TABLE b ALTER x SET NOT NULL;": [
        ("a", "y")
    ],
    "UPDATE b SET x = 1; " + SET: [("a", "x")],
    "DROP TABLE b; CREATE TABLE c (x int); CREATE INDEX i ON a (y); " + SET: [("a", "x")],
    "DROP TABLE a; ALTER TABLE b RENAME TO a;\n" + SET: [("b", "x")],
    # Rows may have a value by then.
    "UPDATE a SET x = 1 WHERE x IS NULL;\n" + SET: [],
    "ALTER TABLE a ADD COLUMN x int;\n" + SET: [],
    "ALTER TABLE a ALTER x TYPE text USING coalesce(x, '');\n" + SET: [],
    "DO $$BEGIN PERFORM 1; END$$;\n" + SET: [],
    "UPDATE s.a SET x = 1;\n" + SET: [],
    "DROP TABLE a; CREATE TABLE a (x int);\n" + SET: [],
    "CREATE UNLOGGED TABLE IF NOT EXISTS s.a (x int);\n" + SET: [],
    "CREATE TABLE a AS SELECT 1 AS x;\n" + SET: [],
    "DROP TABLE IF EXISTS b, s.a CASCADE;\n" + SET: [],
    "CREATE TABLE b (x int); ALTER TABLE b RENAME TO a;\n" + SET: [],
    "ALTER TABLE a DROP COLUMN IF EXISTS x, ADD COLUMN x int;\n" + SET: [],
    "DELETE FROM a WHERE x IS NULL;\n" + SET: [],
    "ALTER TABLE a ALTER x SET DEFAULT 1, ALTER y DROP NOT NULL;": [],
    "ALTER TABLE a ALTER COLUMN x DROP NOT NULL;": [],
}


@pytest.mark.parametrize("text", REQUIRED)
def test_what_is_required_of_rows_is_found(text) -> None:
    found = [(each.table, each.column) for each in Requirements().of(text)]
    assert found == REQUIRED[text]


def test_earlier_migrations_count() -> None:
    requirements = Requirements()
    assert not list(requirements.of("UPDATE a SET x = 1;"))
    assert not list(requirements.of(SET))
