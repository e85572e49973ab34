from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg2
import pytest

from berceau.errors import MigrationError
from berceau.postgres.core.connection import Connection, beside
from berceau.postgres.core.fetch import execute, fetch_value
from berceau.postgres.inspect import catalog
from berceau.postgres.inspect.schemas import execute_statements
from berceau.postgres.runner import ledger
from berceau.schema.changes import AddColumn, CreateIndex, DropIndex
from berceau.schema.diff import create, diff
from berceau.schema.model import (
    EMPTY,
    Check,
    Column,
    Enum,
    ForeignKey,
    Index,
    PrimaryKey,
    Schema,
    Table,
    Unique,
)
from berceau.schema.order import order
from berceau.schema.preserve import keep
from berceau.schema.sql import to_statements

STATUS = Enum('Odd "Status"', ("DRAFT", "it's", "a\\b"))
USER = Table(
    "user",
    (
        Column("id", "bigint", not_null=True, identity=True),
        Column("Name", "character varying(20)", not_null=True),
        Column("tags", "text[]", not_null=True, default="'{}'::text[]"),
    ),
    PrimaryKey("user_pkey", ("id",)),
    uniques=(Unique("user_Name_key", ("Name",)),),
    checks=(Check("user_id_check", "(id > 0)"),),
    indexes=(
        Index("user_lower", ('lower(("Name")::text)',), unique=True, where="(id > 5)"),
        Index("user_tags", ("tags",), method="gin"),
    ),
)
POST = Table(
    "post",
    (
        Column("a", "integer", not_null=True),
        Column("b", "integer", not_null=True),
        Column("author", "bigint"),
        Column("parent_b", "integer"),
        Column("parent_a", "integer"),
        Column("status", '"Odd ""Status"""', not_null=True, default='\'DRAFT\'::"Odd ""Status"""'),
    ),
    PrimaryKey("post_pkey", ("b", "a")),
    foreign_keys=(
        ForeignKey("post_author_fkey", ("author",), "user", ("id",), "SET NULL"),
        ForeignKey("post_parent_fkey", ("parent_b", "parent_a"), "post", ("b", "a"), "CASCADE"),
    ),
)
SCHEMA = Schema((STATUS,), (POST, USER))


def test_what_is_created_is_what_is_read(connection) -> None:
    execute_statements(connection, to_statements(order(create(SCHEMA))))
    assert catalog.read(connection) == SCHEMA
    execute_statements(connection, to_statements(order(diff(SCHEMA, EMPTY))))
    assert catalog.read(connection) == EMPTY


@pytest.mark.parametrize(
    "default",
    ["now()", "'DRAFT'", "1 + 1", "gen_random_uuid()", "CURRENT_TIMESTAMP"],
)
def test_a_default_reads_the_same_when_it_is_created_from_what_was_read(
    connection, default
) -> None:
    sql_type = {"1": "integer", "'": "text", "g": "uuid"}.get(default[0], "timestamptz")
    column = Column("c", sql_type, default=default)
    execute_statements(connection, to_statements(create(Schema(tables=(Table("t", (column,)),)))))
    once = catalog.read(connection)
    execute_statements(connection, to_statements(diff(once, EMPTY)))
    execute_statements(connection, to_statements(create(once)))
    assert catalog.read(connection) == once


def test_the_ledger_and_dropped_columns_are_left_out(connection) -> None:
    ledger.ensure(connection)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE t (a int, b int); ALTER TABLE t DROP COLUMN a")
    assert catalog.read(connection) == Schema(tables=(Table("t", (Column("b", "integer"),)),))


def test_an_enum_without_labels_is_an_enum(connection) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TYPE nothing AS ENUM ()")
    assert catalog.read(connection).enums == (Enum("nothing", ()),)


# What entities can't declare, on a table that another can refer to.
BY_HAND = {
    "a generated column": "ALTER TABLE t ADD d int GENERATED ALWAYS AS (a + b) STORED",
    "a collation": 'ALTER TABLE t ALTER c TYPE text COLLATE "C"',
    "a check": "ALTER TABLE t ADD CHECK (a > b AND c <> '),(')",
    "an exclusion": "ALTER TABLE t ADD EXCLUDE (a WITH =) WHERE (b > 0)",
    "a deferred unique": "ALTER TABLE t ADD UNIQUE (a) DEFERRABLE INITIALLY DEFERRED",
    "a unique that can be deferred": "ALTER TABLE t ADD UNIQUE (a) DEFERRABLE",
    "a deferred unique with nulls": "ALTER TABLE t ADD UNIQUE NULLS NOT DISTINCT (a) "
    "DEFERRABLE INITIALLY DEFERRED",
    "a unique with nulls": "ALTER TABLE t ADD UNIQUE NULLS NOT DISTINCT (a)",
    "a unique that includes more": "ALTER TABLE t ADD UNIQUE (a) INCLUDE (b)",
    "a reference that follows": "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES o ON UPDATE CASCADE",
    "a full reference": "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES o MATCH FULL",
    "a reference of new rows only": "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES o ON UPDATE "
    "CASCADE NOT VALID",
    "an index on expressions": "CREATE INDEX i ON t (lower(c), (c || ',)'), \"A, b\") WHERE a > 0",
    "an index with directions": "CREATE INDEX i ON t (a DESC NULLS LAST, b)",
    "an index with an operator class": "CREATE INDEX i ON t (c text_pattern_ops)",
    "an index with a collation": 'CREATE INDEX i ON t (c COLLATE "C")',
    "an index that includes more": "CREATE INDEX i ON t (a) INCLUDE (b) WITH (fillfactor = 70)",
    "a unique index with nulls": "CREATE UNIQUE INDEX i ON t (a) NULLS NOT DISTINCT WHERE b > 0",
    "an index of another kind": "CREATE INDEX i ON t USING hash (c)",
    "a serial": "ALTER TABLE t ADD s serial",
    "a sequence with an odd name": 'ALTER TABLE t ADD "A \'b" bigserial',
}


@pytest.fixture
def by_hand(connection) -> Callable[..., Schema]:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE o (id int PRIMARY KEY)")
        cursor.execute('CREATE TABLE t (a int NOT NULL, b int, c text, "A, b" int)')

    def run(sql) -> Schema:
        with connection.cursor() as cursor:
            cursor.execute(sql)
        return catalog.read(connection)

    return run


@pytest.mark.parametrize("sql", BY_HAND.values(), ids=BY_HAND)
def test_what_was_made_by_hand_is_read_so_that_it_can_be_made_again(
    connection, by_hand, sql
) -> None:
    before = by_hand("SELECT")
    once = by_hand(sql)
    assert diff(before, once)
    execute_statements(connection, to_statements(order(diff(once, EMPTY))))
    execute_statements(connection, to_statements(order(create(once))))
    assert catalog.read(connection) == once


@pytest.mark.parametrize("sql", [sql for sql in BY_HAND.values() if "serial" not in sql])
def test_what_was_made_by_hand_stays_when_the_table_changes(by_hand, sql) -> None:
    declared = by_hand("SELECT")
    held = by_hand(sql)
    assert diff(held, keep(held, declared)) == ()
    changed = by_hand("ALTER TABLE t ADD e int")
    kept = keep(held, keep(changed, changed))
    assert {type(change) for change in diff(held, kept)} == {AddColumn}


@pytest.mark.parametrize(
    ("sql", "change"),
    [
        ("CREATE INDEX i ON t (lower(c))", "DROP COLUMN c"),
        ("CREATE INDEX i ON t (lower(c))", "ALTER c TYPE bytea USING NULL"),
        ("CREATE INDEX i ON t (c DESC)", "DROP COLUMN c"),
        ('ALTER TABLE t ADD CONSTRAINT i CHECK ("A, b" > 0)', 'DROP COLUMN "A, b"'),
        ("ALTER TABLE t ADD i text GENERATED ALWAYS AS (c || 'x') STORED", "DROP COLUMN c"),
    ],
)
def test_what_was_made_by_hand_is_named_where_its_column_changes(by_hand, sql, change) -> None:
    by_hand("CREATE TABLE u AS TABLE t")
    by_hand(f"ALTER TABLE u {change}")
    declared = by_hand("SELECT")
    declared = Schema(tables=(replace(declared.tables[-1], name="t"),))
    with pytest.raises(MigrationError, match=r"The (index|check|column) i of t uses the column"):
        keep(by_hand(sql), declared)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TRIGGER x BEFORE UPDATE ON t FOR EACH ROW "
        "EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY x ON t USING (a > 0)",
        "CREATE TABLE p PARTITION OF o DEFAULT",
        "CREATE STATISTICS x ON a, b FROM t",
        "ALTER TABLE t SET (fillfactor = 70)",
    ],
)
def test_a_table_is_not_made_again_without_what_it_had(by_hand, sql) -> None:
    by_hand("DROP TABLE o; CREATE TABLE o (id int) PARTITION BY LIST (id)")
    with pytest.raises(MigrationError, match="parts that only a migration by hand can create"):
        to_statements(create(by_hand(sql)))


def test_an_index_that_failed_is_seen_and_built_again(by_hand) -> None:
    sound = by_hand("CREATE UNIQUE INDEX i ON t (a)")
    by_hand("DROP INDEX i; INSERT INTO t (a) VALUES (1), (1)")
    with pytest.raises(psycopg2.errors.UniqueViolation):
        by_hand("CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)")
    broken = by_hand("DELETE FROM t")
    index = broken.tables[1].indexes[0]
    assert not index.valid
    assert diff(broken, sound) == (
        DropIndex("t", index),
        CreateIndex("t", replace(index, valid=True)),
    )


def test_what_others_commit_meanwhile_is_seen_whole_or_not(connection) -> None:
    def grow(other: Connection) -> None:
        for number in range(150):
            execute(
                other,
                f"CREATE TABLE t{number} (id int PRIMARY KEY, a int UNIQUE REFERENCES t0);"
                f"CREATE INDEX ON t{number} (a DESC)",
            )

    with beside(connection) as other, ThreadPoolExecutor() as pool:
        other.commit()  # what it set
        other.autocommit = True
        schema = fetch_value(connection, "SELECT quote_ident(current_schema())")
        execute(other, f"SET search_path = {schema}")
        growing = pool.submit(grow, other)
        seen = []
        while not growing.done():
            seen += catalog.read(connection).tables
        growing.result()
    parts = ("columns", "uniques", "foreign_keys", "indexes")
    assert {tuple(len(getattr(each, part)) for part in parts) for each in seen} == {(2, 1, 1, 1)}
