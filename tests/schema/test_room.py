"""Names that something new takes from what is dropped."""

import pytest

from berceau.schema.changes import CreateIndex, CreateTable, DropColumn, DropEnum, DropTable
from berceau.schema.model import (
    Check,
    Column,
    Enum,
    Index,
    PrimaryKey,
    RawConstraint,
    Table,
    Unique,
)
from berceau.schema.renaming import RenameEnum, RenameIndex, RenameSequence, RenameTable
from berceau.schema.room import with_room

ID = Column("id", "integer", True, identity=True, sequence="taken")
NEW = CreateTable(Table("taken", ()))
INDEXES = {
    "an index": Table("old", (), indexes=(Index("taken", ("id",)),)),
    "a key": Table("old", (), PrimaryKey("taken", ("id",))),
    "a unique constraint": Table("old", (), uniques=(Unique("taken", ("id",)),)),
    "an exclusion": Table(
        "old", (), raw_constraints=(RawConstraint("taken", "EXCLUDE USING gist (id WITH =)"),)
    ),
}


@pytest.mark.parametrize("table", INDEXES.values(), ids=INDEXES)
def test_an_index_of_a_dropped_table_makes_room(table) -> None:
    drop = DropTable(table)
    assert [*with_room([drop, NEW])] == [RenameIndex("taken", "taken_retired"), drop, NEW]


def test_a_check_has_no_name_that_relations_have() -> None:
    raw = RawConstraint("taken", "CHECK ((id > 0)) NO INHERIT")
    drop = DropTable(Table("old", (), checks=(Check("taken", "(id > 0)"),), raw_constraints=(raw,)))
    assert [*with_room([drop, NEW])] == [drop, NEW]


def test_a_table_and_a_sequence_and_an_enum_make_room() -> None:
    index = CreateIndex("other", Index("taken", ("id",)))
    table, column = DropTable(Table("taken", ())), DropColumn("other", ID)
    assert [*with_room([table, index])] == [
        RenameTable("taken", "taken_retired"),
        DropTable(Table("taken_retired", ())),
        index,
    ]
    assert [*with_room([column, index])] == [
        RenameSequence("taken", "taken_retired"),
        column,
        index,
    ]
    assert [*with_room([DropEnum(Enum("taken", ("A",))), NEW])] == [
        RenameEnum("taken", "taken_retired"),
        DropEnum(Enum("taken_retired", ("A",))),
        NEW,
    ]


def test_what_is_not_in_the_way_is_dropped_as_it_is() -> None:
    drop = DropTable(Table("old", (ID,), PrimaryKey("old_pkey", ("id",))))
    new = CreateTable(Table("new", ()))
    assert [*with_room([drop, new])] == [drop, new]
