import pytest

from berceau.postgres import catalog, ledger
from berceau.postgres.schemas import execute
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


def test_what_is_created_is_what_is_read(connection):
    execute(connection, to_statements(order(create(SCHEMA))))
    assert catalog.read(connection) == SCHEMA
    execute(connection, to_statements(order(diff(SCHEMA, EMPTY))))
    assert catalog.read(connection) == EMPTY


@pytest.mark.parametrize(
    "default",
    ["now()", "'DRAFT'", "1 + 1", "gen_random_uuid()", "CURRENT_TIMESTAMP"],
)
def test_a_default_reads_the_same_when_it_is_created_from_what_was_read(connection, default):
    sql_type = {"1": "integer", "'": "text", "g": "uuid"}.get(default[0], "timestamptz")
    column = Column("c", sql_type, default=default)
    execute(connection, to_statements(create(Schema(tables=(Table("t", (column,)),)))))
    once = catalog.read(connection)
    execute(connection, to_statements(diff(once, EMPTY)))
    execute(connection, to_statements(create(once)))
    assert catalog.read(connection) == once


def test_the_ledger_and_dropped_columns_are_left_out(connection):
    ledger.ensure(connection)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE t (a int, b int); ALTER TABLE t DROP COLUMN a")
    assert catalog.read(connection) == Schema(tables=(Table("t", (Column("b", "integer"),)),))


def test_an_enum_without_labels_is_an_enum(connection):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TYPE nothing AS ENUM ()")
    assert catalog.read(connection).enums == (Enum("nothing", ()),)
