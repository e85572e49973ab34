"""What may have been renamed: likely pairs are asked about, the likeliest first, others not."""

from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from berceau.schema import suggest
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
from berceau.schema.pairs import compare
from berceau.schema.similarity import ENOUGH
from berceau.schema.suggest import (
    LIKELY,
    _enum_agreement,
    _same_name,
    _table_agreement,
    suggest_members,
    suggest_wholes,
)

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
def test_columns(before, after, expected) -> None:
    assert columns_asked(table("t", *before), table("t", *after)) == expected


def test_a_reference_is_no_plain_number_and_no_other_reference() -> None:
    def refers(column: str, target: str) -> Table:
        key = ForeignKey(f"t_{column}_fkey", (column,), target, ("id",))
        return table("t", Column(column, "integer"), foreign_keys=(key,))

    author = refers("author", "user")
    assert columns_asked(author, table("t", Column("views", "integer"))) == {}
    assert columns_asked(author, refers("tag", "tag")) == {}
    assert columns_asked(author, refers("writer", "user")) == {"t.author": ("writer",)}


def test_the_column_with_the_same_keys_and_indexes_comes_first() -> None:
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
def test_tables(before, after, candidates) -> None:
    found = asked(suggest_wholes, Schema(tables=(before,)), Schema(tables=(after,)))
    assert found == ({} if candidates is None else {"a": candidates})


def test_the_likest_table_comes_first() -> None:
    new = (table("b", "x", "p"), table("c", "x", "y"), table("d", "x", "y", "z", "w"))
    found = asked(suggest_wholes, Schema(tables=(table("a", "x", "y"),)), Schema(tables=new))
    assert found == {"a": ("c", "b", "d")}


def test_enums_that_share_half_of_their_labels() -> None:
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
def test_labels(before, after, expected) -> None:
    old, new = (Schema((Enum("e", tuple(each.split())),)) for each in (before, after))
    assert asked(suggest_members, old, new) == expected


def exhaustive(before: Schema, after: Schema) -> dict[str, tuple[str, ...]]:
    """Compare each that is gone with each that is new."""
    found: dict[str, list[tuple[float, str]]] = {}
    enums, tables = compare(before.enums, after.enums), compare(before.tables, after.tables)
    for compared, agreement in ((enums, _enum_agreement), (tables, _table_agreement)):
        for old in compared.removed:
            found[old.name] = sorted(
                (-agreement(old, new) - _same_name(old.name, new.name), new.name)
                for new in compared.added
                if agreement(old, new) >= LIKELY
            )
    return {old: tuple(name for _, name in scores) for old, scores in found.items() if scores}


names = st.text("ab_1", min_size=1, max_size=4)
columns = st.lists(st.tuples(names, st.sampled_from(["text", "integer"])), max_size=4)
tables = st.builds(
    lambda name, parts: table(name, *(Column(*part) for part in dict(parts).items())),
    names.map(lambda name: f"t{name}"),
    columns,
)
enums = st.builds(
    Enum, names.map(lambda name: f"e{name}"), st.lists(names, unique=True, max_size=4).map(tuple)
)


def schemas(most: int) -> st.SearchStrategy[Schema]:
    def unique(each) -> st.SearchStrategy[tuple[Any, ...]]:
        return st.lists(each, max_size=most, unique_by=lambda item: item.name).map(tuple)

    return st.builds(Schema, unique(enums), unique(tables))


@given(schemas(ENOUGH), schemas(ENOUGH))
def test_few_are_all_compared(before, after) -> None:
    assert asked(suggest_wholes, before, after) == exhaustive(before, after)


@given(schemas(3), schemas(60))
def test_of_many_it_asks_about_the_likely_ones_only_and_in_order(before, after) -> None:
    likely = exhaustive(before, after)
    for old, candidates in asked(suggest_wholes, before, after).items():
        assert set(candidates) <= set(likely[old])
        assert list(candidates) == [each for each in likely[old] if each in candidates]
        assert len(candidates) <= ENOUGH


def parts(item: Enum | Table) -> tuple:
    return item.labels if isinstance(item, Enum) else item.columns


def says_something(item: Enum | Table) -> bool:
    return bool(parts(item)[0 if isinstance(item, Enum) else 1 :])


@given(schemas(60), st.integers(0, 59), names)
def test_of_many_the_same_under_another_name_is_found(after, place, name) -> None:
    for kind in ("enums", "tables"):
        there = getattr(after, kind)
        if place < len(there) and says_something(there[place]):
            before = Schema(**{kind: (replace(there[place], name=f"gone_{name}"),)})
            (candidates,) = asked(suggest_wholes, before, after).values()
            best = there[place]
            same = [each.name for each in there if parts(each) == parts(best)]
            assert set(candidates) & set(same)


def test_a_thousand_renames_are_found_without_comparing_each_with_each(monkeypatch) -> None:
    compared = Mock(side_effect=suggest._table_agreement)
    monkeypatch.setattr(suggest, "_table_agreement", compared)
    kinds = {"notebook": ("name", "shelf"), "note": ("title", "content", "status")}

    def schema(prefix: str, renamed: dict[str, str]) -> Schema:
        return Schema(
            tables=tuple(
                table(f"{prefix}{number:03}_{renamed.get(kind, kind)}", *columns)
                for number in range(500)
                for kind, columns in kinds.items()
            )
        )

    before, after = schema("c", {}), schema("dept", {"note": "entry"})
    taken: set[tuple[None, str]] = set()
    answers = {}
    for question in suggest_wholes(before, after, taken):
        answers[question.before] = question.candidates[0]
        taken.add((None, question.candidates[0]))
    assert compared.call_count < 50 * len(before.tables), "of 1,000 for each"
    assert answers == {
        f"c{number:03}_{kind}": f"dept{number:03}_{'entry' if kind == 'note' else kind}"
        for number in range(500)
        for kind in kinds
    }
