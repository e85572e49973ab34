"""The part of a schema that a change concerns."""

from dataclasses import replace

import pytest

from berceau.schema.model import (
    Column,
    Enum,
    ForeignKey,
    Index,
    PrimaryKey,
    RawConstraint,
    Schema,
    Table,
    Unique,
)
from berceau.schema.subset import between, clashes

ID = Column("id", "integer", True)
MOOD, SIZE = Enum("mood", ("GOOD", "BAD")), Enum("Size", ("BIG",))
AUTHOR = Table("author", (ID, Column("feels", "mood")), PrimaryKey("author_pkey", ("id",)))
POST = Table(
    "post",
    (ID, Column("author", "integer")),
    foreign_keys=(ForeignKey("post_author_fkey", ("author",), "author", ("id",)),),
)
NOTE = Table(
    "note",
    (ID, Column("post", "integer")),
    foreign_keys=(ForeignKey("note_post_fkey", ("post",), "post", ("id",)),),
)
BOX = Table("box", (ID, Column("sizes", '"Size"[]')))
SCHEMA = Schema((SIZE, MOOD), (AUTHOR, BOX, NOTE, POST))


def changed(table: Table) -> Table:
    return replace(table, columns=(*table.columns, Column("more", "text")))


def with_table(table: Table) -> Schema:
    others = [each for each in SCHEMA.tables if each.name != table.name]
    return replace(SCHEMA, tables=tuple(sorted((*others, table), key=lambda each: each.name)))


def test_nothing_concerns_nothing() -> None:
    part = between(SCHEMA, SCHEMA)
    assert (part.changed, part.tables, part.enums) == (frozenset(), frozenset(), frozenset())


def test_a_changed_table_brings_its_neighbours_and_the_enums_that_they_use() -> None:
    part = between(SCHEMA, with_table(changed(POST)))
    assert part.changed == {"post"}
    assert part.tables == {"author", "note", "post"}
    assert part.enums == {"mood"}


def test_neighbours_of_neighbours_stay_out() -> None:
    assert between(SCHEMA, with_table(changed(AUTHOR))).tables == {"author", "post"}


def test_a_key_out_of_the_part_is_left_out() -> None:
    part = between(SCHEMA, with_table(changed(NOTE)))
    assert part.tables == {"note", "post"}
    note, post = part.of(SCHEMA).tables
    assert note.foreign_keys == NOTE.foreign_keys
    assert post.foreign_keys == ()


def test_tables_that_come_or_go_are_changed() -> None:
    fewer = replace(SCHEMA, tables=(AUTHOR, BOX, POST))
    assert between(SCHEMA, fewer).changed == {"note"}
    assert between(fewer, SCHEMA).changed == {"note"}


def test_a_changed_enum_brings_the_tables_that_use_it_in_arrays_as_well() -> None:
    part = between(SCHEMA, replace(SCHEMA, enums=(Enum("Size", ("BIG", "SMALL")), MOOD)))
    assert part.changed == {"box"}
    assert part.enums == {"Size"}


def test_what_is_read_belongs_to_it_without_being_changed() -> None:
    part = between(SCHEMA, with_table(changed(NOTE)), read={"box", "mood"})
    assert part.tables == {"box", "note", "post"}
    assert part.enums == {"Size", "mood"}
    assert part.changed == {"note"}


def test_what_counts_as_the_same_can_be_given() -> None:
    part = between(SCHEMA, with_table(changed(POST)), same=lambda *_: True)
    assert not part.changed


@pytest.mark.parametrize("table", [AUTHOR, BOX, NOTE, POST], ids=lambda table: table.name)
def test_a_part_is_put_back_where_it_was(table) -> None:
    after = with_table(changed(table))
    part = between(SCHEMA, after)
    assert part.put(part.of(SCHEMA), SCHEMA) == replace(SCHEMA, enums=(SIZE, MOOD))
    if not table.foreign_keys or part.tables >= {key.target for key in table.foreign_keys}:
        assert part.put(part.of(after), SCHEMA) == after


TAKEN = {
    "a table": Table("taken", (ID,)),
    "an index": Table("a", (ID,), indexes=(Index("taken", ("id",)),)),
    "a unique constraint": Table("a", (ID,), uniques=(Unique("taken", ("id",)),)),
    "a primary key": Table("a", (ID,), PrimaryKey("taken", ("id",))),
    "a sequence": Table("a", (replace(ID, identity=True, sequence="taken"),)),
    "an exclusion": Table(
        "a", (ID,), raw_constraints=(RawConstraint("taken", "EXCLUDE (id WITH =)"),)
    ),
}


@pytest.mark.parametrize("table", TAKEN.values(), ids=TAKEN)
def test_names_that_two_relations_or_types_have_clash(table) -> None:
    assert clashes(Schema((Enum("taken", ("A",)),), (table,))) == ("taken",)
    assert clashes(Schema((), (table,))) == ()
