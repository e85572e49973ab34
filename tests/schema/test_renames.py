"""The values of ``--rename``: what they mean, and what is said of those that can't be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from berceau.errors import RenameError
from berceau.schema.model import Column, Enum, Schema, Table
from berceau.schema.renames import Kind, Rename, parse


def schema(enums: dict[str, str], tables: dict[str, str]) -> Schema:
    return Schema(
        tuple(Enum(name, tuple(labels.split())) for name, labels in enums.items()),
        tuple(
            Table(name, tuple(Column(column, "text") for column in columns.split()))
            for name, columns in tables.items()
        ),
    )


CURRENT = schema({"state": "on off"}, {"post": "id title text", "tag": "id name"})
DESIRED = schema(
    {"mode": "lit off"}, {"article": "id headline body title text", "tag": "id label", "post": "id"}
)

MEANINGS = {
    "post=article": Rename(Kind.TABLE, None, "post", "article"),
    "state=mode": Rename(Kind.ENUM, None, "state", "mode"),
    "tag.name=label": Rename(Kind.COLUMN, "tag", "name", "label"),
    '"tag"."name"="label"': Rename(Kind.COLUMN, "tag", "name", "label"),
}


@pytest.mark.parametrize(("text", "meaning"), MEANINGS.items())
def test_the_current_schema_tells_what_is_meant(text, meaning) -> None:
    assert parse([text], CURRENT, DESIRED) == (meaning,)


@pytest.mark.parametrize("table", ["post", "article"])
def test_a_column_is_named_with_the_old_or_the_new_name_of_its_table(table) -> None:
    found = parse([f"{table}.title=headline", "post=article"], CURRENT, DESIRED)
    assert found[1] == Rename(Kind.COLUMN, "post", "title", "headline")


def test_a_label_is_named_with_its_enum() -> None:
    found = parse(["mode.on=lit", "state=mode"], CURRENT, DESIRED)
    assert found[1] == Rename(Kind.LABEL, "state", "on", "lit")


def test_what_is_said_twice_counts_once() -> None:
    assert len(parse(["post=article", "post=article"], CURRENT, DESIRED)) == 1


def test_names_can_be_swapped() -> None:
    assert len(parse(["post.title=text", "post.text=title", "post=article"], CURRENT, DESIRED)) == 3


REFUSED = {
    "no equals sign": ("post", "--rename post can't be read", "--rename TABLE.COLUMN=NEW"),
    "nothing to the left": ("=article", "can't be read", "Write --rename"),
    "nothing to the right": ("post=", "can't be read", "Write --rename"),
    "a table to the right": ("post.title=post.text", "can't be read", "Write --rename"),
    "too many parts": ("a.b.c.d=e", "can't be read", "double quotes"),
    "a subclass of a column that isn't": ("tag.nome.x=y", "no column tag.nome", "mean name?"),
    "a table that isn't": ("pots=article", "no table or enum pots", "Did you mean post?"),
    "a table like no other": ("zzz=article", "no table or enum zzz", "migrations have created"),
    "a column that isn't": ("tag.nome=label", "no column tag.nome", "Did you mean name?"),
    "a column of a table that isn't": ("pots.title=headline", "no table or enum pots", "post"),
    "a label that isn't": ("state.onn=lit", "no value state.onn", "Did you mean on?"),
    "a target that isn't declared": (
        "tag.name=lable",
        "no component declares the column tag.lable",
        "Did you mean label?",
    ),
    "a column of a table that goes": (
        "post.title=headline",
        "no component declares the column post.headline",
        "Declare it first",
    ),
    "nothing changes": ("tag.name=name", "changes nothing", "Leave it out"),
    "a name that is there": ("post=tag", "there is a table tag already", "Rename that one, too"),
    "two names for one": (
        "tag.name=label tag.name=id",
        "tag.name would get two names: --rename tag.name=label and --rename tag.name=id",
        "Leave one of them out",
    ),
    "one name for two": (
        "tag.name=label tag.id=label",
        "Two objects would be called tag.label",
        "Leave one of them out",
    ),
}


@pytest.mark.parametrize(("texts", "says", "cure"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused_with_its_cure(texts, says, cure) -> None:
    with pytest.raises(RenameError) as caught:
        parse(texts.split(), CURRENT, DESIRED)
    assert says in caught.value.message
    assert cure in caught.value.cure


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)


@given(NAMES, NAMES, NAMES)
def test_every_rename_is_read_as_it_is_written(table, before, after) -> None:
    if before != after:
        rename = Rename(Kind.COLUMN, table, before, after)
        tables = ((before,), (after,))
        current, desired = (
            Schema(tables=(Table(table, tuple(Column(name, "text") for name in names)),))
            for names in tables
        )
        assert parse([str(rename)], current, desired) == (rename,)
