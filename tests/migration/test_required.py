"""What SQL requires of rows as they are before it runs."""

import pytest

from berceau.migration.required import Requirements

SET = "ALTER TABLE a ALTER COLUMN x SET NOT NULL;\n"
REQUIRED = {
    SET: [("a", "x")],
    'ALTER TABLE ONLY "A b" ALTER "x y" SET NOT NULL;': [("A b", "x y")],
    'ALTER TABLE a ALTER "y , (" SET NOT NULL, ALTER x SET NOT NULL;': [
        ("a", "y , ("),
        ("a", "x"),
    ],
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
    "ALTER TABLE a ALTER y SET NOT NULL, ALTER x SET NOT NULL;": [("a", "y"), ("a", "x")],
    "ALTER TABLE a ALTER x SET NOT NULL, ALTER x TYPE text USING coalesce(x, '');": [],
    "ALTER TABLE a ALTER COLUMN x DROP NOT NULL;": [],
}


@pytest.mark.parametrize("text", REQUIRED)
def test_what_is_required_of_rows_is_found(text) -> None:
    found = [(each.kind, each.table, *each.columns) for each in Requirements().of(text)]
    assert found == [("value", *each) for each in REQUIRED[text]]


UNIQUE = "CREATE UNIQUE INDEX CONCURRENTLY i ON a (x, y);\n"
KEYS = {
    UNIQUE: ("a", "x", "y"),
    'CREATE UNIQUE INDEX IF NOT EXISTS "i j" ON ONLY "A b" USING btree ("x y");': ("A b", "x y"),
    "CREATE UNIQUE INDEX ON a (x) INCLUDE (y) WITH (fillfactor = 70);": ("a", "x"),
    "ALTER TABLE a ADD CONSTRAINT c UNIQUE (x, y) DEFERRABLE INITIALLY DEFERRED;": ("a", "x", "y"),
    "ALTER TABLE a ADD PRIMARY KEY (x);": ("a", "x"),
    "ALTER TABLE a RENAME x TO b; CREATE UNIQUE INDEX i ON a (b);": ("a", "x"),
    "ALTER TABLE a ADD z int DEFAULT 1, ADD UNIQUE (x, y);": ("a", "x", "y"),
    "ALTER TABLE a ADD UNIQUE (x), ALTER x TYPE int USING y;": None,
    "ALTER TABLE a ADD z numeric(3, 1), ALTER x TYPE int USING y;\n" + UNIQUE: None,
    "ALTER TABLE a DROP z, ADD x int;\n" + UNIQUE: None,
    "ALTER TABLE a ALTER x SET EXPRESSION AS (y);\n" + UNIQUE: None,
    "ALTER TABLE a ADD CHECK (z IN (1, 2, 3, 4, 5, 6, 7)), ADD x int;\n" + UNIQUE: None,
    "UPDATE a SET z = x;\n" + UNIQUE: None,
    "ALTER TABLE a ADD y int;\n" + UNIQUE: None,
    "CREATE TABLE a (x int, y int);\n" + UNIQUE: None,
    "DELETE FROM a;\n" + UNIQUE: None,
    "CREATE UNIQUE INDEX i ON a (x) WHERE y;": None,
    "CREATE UNIQUE INDEX i ON a (x, y, z, b, c, d) INCLUDE (e) WHERE f;": None,
    "CREATE UNIQUE INDEX i ON a (lower(x));": None,
    "CREATE UNIQUE INDEX i ON a (x text_pattern_ops);": None,
    "CREATE UNIQUE INDEX i ON s.a (x);": None,
    "CREATE INDEX i ON a (x);": None,
    "ALTER TABLE a ADD CONSTRAINT c UNIQUE USING INDEX i;": None,
}


@pytest.mark.parametrize("text", KEYS)
def test_what_has_to_be_unique_is_found(text) -> None:
    found = [(each.kind, each.table, *each.columns) for each in Requirements().of(text)]
    assert found == ([("unique", *KEYS[text])] if KEYS[text] else [])


UNCHECKED = "ALTER TABLE a ADD CONSTRAINT c FOREIGN KEY (x) REFERENCES b (id)"
VALID = "ALTER TABLE a VALIDATE CONSTRAINT c;"
REFERENCES = {
    f"{UNCHECKED} NOT VALID;\n{VALID}": ("a", ("x",), "b", ("id",)),
    f"{UNCHECKED} ON DELETE SET NULL NOT VALID;\n{VALID}": ("a", ("x",), "b", ("id",)),
    f"{UNCHECKED};": ("a", ("x",), "b", ("id",)),
    "ALTER TABLE b RENAME TO d; ALTER TABLE d RENAME id TO key;"
    "ALTER TABLE a ADD FOREIGN KEY (x, y) REFERENCES d (key, z);": (
        "a",
        ("x", "y"),
        "b",
        ("id", "z"),
    ),
    f"{UNCHECKED} NOT VALID;\n": None,
    VALID: None,
    f"{UNCHECKED} NOT VALID;\nUPDATE a SET x = NULL;\n{VALID}": None,
    f"{UNCHECKED} NOT VALID;\nINSERT INTO b VALUES (1);\n{VALID}": None,
    f"CREATE TABLE b (id int PRIMARY KEY);\n{UNCHECKED};": None,
    f"ALTER TABLE b ADD id serial;\n{UNCHECKED};": None,
    f"ALTER TABLE a ADD x int;\n{UNCHECKED} NOT VALID;\n{VALID}": None,
    f"ALTER TABLE b ATTACH PARTITION d FOR VALUES IN (1);\n{UNCHECKED};": None,
    "ALTER TABLE a ADD FOREIGN KEY (x) REFERENCES b;": None,
    "ALTER TABLE a ADD FOREIGN KEY (x) REFERENCES s.b (id);": None,
    "ALTER TABLE a ADD FOREIGN KEY (x, y, z) REFERENCES b (x, y, z) ON DELETE CASCADE NOT VALID;": (
        None
    ),
}


@pytest.mark.parametrize("text", REFERENCES)
def test_what_has_to_refer_to_a_row_is_found(text) -> None:
    found = [
        (each.table, each.columns, each.target, each.others) for each in Requirements().of(text)
    ]
    assert found == ([REFERENCES[text]] if REFERENCES[text] else [])


def test_earlier_migrations_count() -> None:
    requirements = Requirements()
    assert not list(requirements.of("UPDATE a SET x = 1;"))
    assert not list(requirements.of(SET))
