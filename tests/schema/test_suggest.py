"""What may have been renamed: likely pairs are asked about, the likeliest first, others not."""

import pytest

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
from berceau.schema.suggest import suggest_members, suggest_wholes

ID = Column("id", "integer", not_null=True, identity=True)


def table(name: str, *columns: str | Column, **parts: object) -> Table:
    made = (Column(each, "text") if isinstance(each, str) else each for each in columns)
    return Table(name, (ID, *made), PrimaryKey(f"{name}_pkey", ("id",)), **parts)


def asked(suggest, before, after) -> dict[str, tuple[str, ...]]:
    return {question.path: question.candidates for question in suggest(before, after)}


def columns_asked(before: Table, after: Table) -> dict[str, tuple[str, ...]]:
    return asked(suggest_members, Schema(tables=(before,)), Schema(tables=(after,)))


COLUMNS = {
    "the same type": (("title",), ("headline",), {"t.title": ("headline",)}),
    "another type": (("n",), (Column("m", "integer"),), {}),
    "another nullability": (("n",), (Column("m", "text", not_null=True),), {}),
    "the liker name first": (
        ("text",),
        ("headline", "a_text", "texts"),
        {"t.text": ("texts", "a_text", "headline")},
    ),
    "the same default first": (
        (Column("a", "text", default="'x'"),),
        ("aa", Column("other", "text", default="'x'")),
        {"t.a": ("other", "aa")},
    ),
    "several": (("a", "b"), ("c",), {"t.a": ("c",), "t.b": ("c",)}),
    "nothing gone": ((), ("a",), {}),
    "nothing new": (("a",), (), {}),
}


@pytest.mark.parametrize(("before", "after", "expected"), COLUMNS.values(), ids=COLUMNS)
def test_columns(before, after, expected):
    assert columns_asked(table("t", *before), table("t", *after)) == expected


def test_a_reference_is_no_plain_number_and_no_other_reference():
    def refers(column: str, target: str) -> Table:
        key = ForeignKey(f"t_{column}_fkey", (column,), target, ("id",))
        return table("t", Column(column, "integer"), foreign_keys=(key,))

    author = refers("author", "user")
    assert columns_asked(author, table("t", Column("views", "integer"))) == {}
    assert columns_asked(author, refers("tag", "tag")) == {}
    assert columns_asked(author, refers("writer", "user")) == {"t.author": ("writer",)}


def test_the_column_with_the_same_keys_and_indexes_comes_first():
    before = table("t", "a", "b", uniques=(Unique("u", ("a",)),), indexes=(Index("i", ("b",)),))
    after = table("t", "c", "d", uniques=(Unique("u", ("d",)),), indexes=(Index("i", ("c",)),))
    assert columns_asked(before, after) == {"t.a": ("d", "c"), "t.b": ("c", "d")}


TABLES = {
    "the same columns": (table("a", "x", "y"), table("b", "x", "y"), ("b",)),
    "most columns": (table("a", "x", "y", "z"), table("b", "x", "y"), ("b",)),
    "other names": (table("a", "x", "y"), table("b", "p", "q"), ("b",)),
    "other types": (table("a", "x"), table("b", Column("x", "integer")), None),
    "few columns": (table("a", "x"), table("b", "x", "p", "q", "r"), None),
    "a number alone": (table("a"), table("b", "x", "y"), None),
    "numbers alone": (table("a"), table("b"), None),
}


@pytest.mark.parametrize(("before", "after", "candidates"), TABLES.values(), ids=TABLES)
def test_tables(before, after, candidates):
    found = asked(suggest_wholes, Schema(tables=(before,)), Schema(tables=(after,)))
    assert found == ({} if candidates is None else {"a": candidates})


def test_the_likest_table_comes_first():
    new = (table("b", "x", "p"), table("c", "x", "y"), table("d", "x", "y", "z", "w"))
    found = asked(suggest_wholes, Schema(tables=(table("a", "x", "y"),)), Schema(tables=new))
    assert found == {"a": ("c", "b", "d")}


def test_enums_that_share_half_of_their_labels():
    before = Schema((Enum("state", ("on", "off")),))
    new = (Enum("mode", ("on", "off")), Enum("half", ("on",)), Enum("other", ("x", "y")))
    assert asked(suggest_wholes, before, Schema(new)) == {"state": ("mode", "half")}


LABELS = {
    "in its place": ("a b c", "a x c", {"e.b": ("x",)}),
    "in another place, under a like name": ("draft b c", "b c drafted", {"e.draft": ("drafted",)}),
    "in another place, under another name": ("a b c", "b c x", {}),
    "at the end": ("a b", "a x", {"e.b": ("x",)}),
    "all of them": ("a b", "x y", {"e.a": ("x", "y"), "e.b": ("x", "y")}),
    "one less": ("a b", "a", {}),
}


@pytest.mark.parametrize(("before", "after", "expected"), LABELS.values(), ids=LABELS)
def test_labels(before, after, expected):
    old, new = (Schema((Enum("e", tuple(each.split())),)) for each in (before, after))
    assert asked(suggest_members, old, new) == expected
