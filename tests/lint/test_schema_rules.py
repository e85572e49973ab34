"""What is wrong with a declared schema by itself: names, and foreign keys without an index."""

from dataclasses import replace
from pathlib import Path

import pytest

from berceau.lint.places import Places
from berceau.lint.schema_rules import check_schema, first_columns
from berceau.schema.model import (
    Column,
    Enum,
    ForeignKey,
    Index,
    PrimaryKey,
    Schema,
    Table,
    Unique,
)

ID = Column("id", "integer", True, identity=True, sequence="post_id_seq")
POST = Table("post", (ID,), PrimaryKey("post_pkey", ("id",)))
KEY = ForeignKey("note_a_b_fkey", ("a", "b"), "post", ("id", "id"))
NOTE = Table("note", (Column("a", "integer"), Column("b", "integer")), foreign_keys=(KEY,))


class Anywhere(Places):
    """All is declared in one line."""

    def __init__(self) -> None:
        super().__init__((), {}, {})

    def of_name(self, *_: str | None) -> tuple[Path, int]:
        return Path("entities.py"), 1


def found(*tables: Table, enums: tuple[Enum, ...] = ()) -> list[tuple[str, str]]:
    return [(each.code, each.message) for each in check_schema(Schema(enums, tables), Anywhere())]


def test_a_good_schema_has_no_findings() -> None:
    indexed = replace(NOTE, indexes=(Index("i", ("a", "b")),))
    assert found(POST, indexed, enums=(Enum("mood", ("A",)),)) == []


@pytest.mark.parametrize("name", ["x" * 63, "é" * 31 + "x"])
def test_a_name_of_63_bytes_is_kept(name) -> None:
    assert found(replace(POST, name=name)) == []


@pytest.mark.parametrize(
    "table",
    [
        replace(POST, name="x" * 64),
        replace(POST, columns=(ID, Column("é" * 32, "text"))),
        replace(POST, indexes=(Index("x" * 64, ("id",)),)),
        replace(POST, uniques=(Unique("x" * 64, ("id",)),)),
    ],
    ids=["table", "column", "index", "constraint"],
)
def test_a_longer_one_is_not(table) -> None:
    ((code, message),) = found(table)
    assert code == "L101"
    assert "has 64 bytes; PostgreSQL keeps 63." in message


def test_reserved_words_are_reported_of_what_entities_name() -> None:
    ((code, message),) = found(replace(POST, name="user"))
    assert (code, message) == (
        "L102",
        "The table user has a name that is a reserved word of SQL.",
    )
    assert [code for code, _ in found(POST, enums=(Enum("select", ("A",)),))] == ["L102"]


CLASHES = {
    "a table and an enum": ((replace(POST, name="mood"),), "mood is the table of that name"),
    "a table and a sequence": (
        (replace(POST, primary_key=None), Table("post_id_seq", ())),
        "post_id_seq is the sequence of post.id, and the table of that name.",
    ),
    "two indexes": (
        (POST, Table("a", (), indexes=(Index("post_pkey", ("b",)),))),
        "post_pkey is the index of a, and the index of post.",
    ),
}


@pytest.mark.parametrize(("tables", "expected"), CLASHES.values(), ids=CLASHES)
def test_relations_and_types_share_their_names(tables, expected) -> None:
    ((code, message),) = found(*tables, enums=(Enum("mood", ("A",)),))
    assert code == "L103"
    assert expected in message


def test_a_sequence_without_a_given_name_has_the_one_that_postgresql_chooses() -> None:
    unnamed = replace(POST, columns=(replace(ID, sequence=None),))
    assert [code for code, _ in found(unnamed, Table("post_id_seq", ()))] == ["L103"]


INDEXES = {
    "its columns": (Index("i", ("a", "b")), True),
    "in another order": (Index("i", ("b", "a")), True),
    "with more behind": (Index("i", ("a", "b", "c")), True),
    "with another before": (Index("i", ("c", "a", "b")), False),
    "one of them": (Index("i", ("a",)), False),
    "an expression": (Index("i", ("lower(a)", "b")), False),
}


@pytest.mark.parametrize(("index", "serves"), INDEXES.values(), ids=INDEXES)
def test_a_foreign_key_needs_an_index_that_begins_with_its_columns(index, serves) -> None:
    findings = found(replace(NOTE, indexes=(index,)), POST)
    assert findings == ([] if serves else [("L301", "The foreign key note.a, b has no index.")])


def test_a_key_or_a_unique_constraint_serves_as_well() -> None:
    assert found(replace(NOTE, primary_key=PrimaryKey("k", ("b", "a"))), POST) == []
    assert found(replace(NOTE, uniques=(Unique("u", ("a", "b")),)), POST) == []


def test_the_first_columns_are_those_of_all_indexes() -> None:
    table = replace(POST, uniques=(Unique("u", ("a", "b")),), indexes=(Index("i", ("c",)),))
    assert first_columns(table) == {"id", "a", "c"}
