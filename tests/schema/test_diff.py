from dataclasses import replace

from berceau.schema.changes import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterEnum,
    CreateEnum,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropEnum,
    DropIndex,
    DropTable,
    ValidateConstraint,
)
from berceau.schema.diff import create, diff
from berceau.schema.model import (
    EMPTY,
    Column,
    Enum,
    ForeignKey,
    Index,
    PrimaryKey,
    Schema,
    Table,
    Unique,
)
from berceau.schema.pairs import compare

ID = Column("id", "uuid", not_null=True)
USER = Table("user", (ID,), PrimaryKey("user_pkey", ("id",)))
AUTHOR = ForeignKey("post_author_fkey", ("author",), "user", ("id",), "CASCADE")
INDEX = Index("post_author_idx", ("author",))
POST = Table(
    "post",
    (ID, Column("author", "uuid", not_null=True)),
    PrimaryKey("post_pkey", ("id",)),
    foreign_keys=(AUTHOR,),
    indexes=(INDEX,),
)
STATUS = Enum("status", ("DRAFT", "DONE"))


def test_equal_schemas_differ_in_nothing() -> None:
    schema = Schema((STATUS,), (POST, USER))
    assert diff(schema, schema) == ()


def test_a_new_table_brings_its_foreign_keys_and_indexes_as_changes_of_their_own() -> None:
    assert create(Schema((STATUS,), (POST, USER))) == (
        CreateEnum(STATUS),
        CreateTable(POST),
        AddConstraint("post", AUTHOR),
        CreateIndex("post", INDEX),
        CreateTable(USER),
    )


def test_a_dropped_table_lets_go_of_its_foreign_keys_first() -> None:
    changes = diff(Schema((STATUS,), (POST, USER)), Schema(tables=(USER,)))
    assert changes == (DropEnum(STATUS), DropConstraint("post", AUTHOR), DropTable(POST))


def test_columns_are_matched_by_name() -> None:
    title = Column("title", "text")
    after = replace(USER, columns=(title, replace(ID, type="bigint")))
    assert diff(Schema(tables=(USER,)), Schema(tables=(after,))) == (
        AddColumn("user", title),
        AlterColumn("user", ID, replace(ID, type="bigint")),
    )
    assert DropColumn("user", title) in diff(Schema(tables=(after,)), Schema(tables=(USER,)))


def test_the_order_of_columns_is_no_difference() -> None:
    swapped = replace(POST, columns=POST.columns[::-1])
    assert diff(Schema(tables=(POST,)), Schema(tables=(swapped,))) == ()


def test_the_name_of_a_constraint_or_index_is_no_difference() -> None:
    other = replace(
        POST,
        primary_key=PrimaryKey("pk", ("id",)),
        foreign_keys=(replace(AUTHOR, name="fk"),),
        indexes=(replace(INDEX, name="ix"),),
    )
    assert diff(Schema(tables=(POST,)), Schema(tables=(other,))) == ()


def test_what_a_constraint_or_index_does_is_a_difference() -> None:
    other = replace(
        POST,
        uniques=(Unique("post_author_key", ("author",)),),
        foreign_keys=(replace(AUTHOR, on_delete="SET NULL"),),
        indexes=(),
    )
    assert diff(Schema(tables=(POST,)), Schema(tables=(other,))) == (
        DropConstraint("post", AUTHOR),
        AddConstraint("post", other.uniques[0]),
        AddConstraint("post", replace(other.foreign_keys[0], valid=False)),
        ValidateConstraint("post", other.foreign_keys[0]),
        DropIndex("post", INDEX),
    )


def test_a_foreign_key_lets_go_of_what_it_rests_on_while_that_changes() -> None:
    wider = replace(USER, columns=(replace(ID, type="text"),))
    assert diff(Schema(tables=(POST, USER)), Schema(tables=(POST, wider))) == (
        AlterColumn("user", ID, wider.columns[0]),
        DropConstraint("post", AUTHOR),
        AddConstraint("post", replace(AUTHOR, valid=False)),
        ValidateConstraint("post", AUTHOR),
    )


def test_a_foreign_key_stays_where_its_values_stay_as_they_are() -> None:
    short, long = (
        replace(USER, columns=(replace(ID, type=f"character varying({length})"),))
        for length in (5, 9)
    )
    assert diff(Schema(tables=(POST, short)), Schema(tables=(POST, long))) == (
        AlterColumn("user", short.columns[0], long.columns[0]),
    )


def test_what_was_left_unfinished_is_finished() -> None:
    broken = replace(
        POST,
        foreign_keys=(replace(AUTHOR, name="fk", valid=False),),
        indexes=(replace(INDEX, valid=False),),
    )
    assert diff(Schema(tables=(broken,)), Schema(tables=(POST,))) == (
        ValidateConstraint("post", replace(AUTHOR, name="fk")),
        DropIndex("post", broken.indexes[0]),
        CreateIndex("post", INDEX),
    )


def test_what_is_new_takes_no_name_that_stays() -> None:
    kept = replace(POST, indexes=(Index("ix", ("id",)),))
    after = replace(POST, indexes=(Index("other", ("id",)), Index("ix", ("author",))))
    assert diff(Schema(tables=(kept,)), Schema(tables=(after,))) == (
        CreateIndex("post", Index("ix_2", ("author",))),
    )


def test_labels_and_their_order_belong_to_an_enum() -> None:
    reordered = Enum("status", ("DONE", "DRAFT"))
    assert diff(Schema((STATUS,)), Schema((reordered,))) == (AlterEnum(STATUS, reordered),)


def test_nothing_differs_from_nothing_in_nothing() -> None:
    assert diff(EMPTY, EMPTY) == ()


def test_compare_keeps_each_sides_order() -> None:
    found = compare([Enum("b", ()), Enum("a", ())], [Enum("d", ()), Enum("c", ())])
    assert [enum.name for enum in found.removed] == ["b", "a"]
    assert [enum.name for enum in found.added] == ["d", "c"]
