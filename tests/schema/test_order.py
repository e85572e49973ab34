import pytest
from hypothesis import given
from hypothesis import strategies as st

from berceau.schema.changes import (
    AddColumn,
    AddConstraint,
    Backfill,
    Change,
    CreateEnum,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropEnum,
    DropTable,
    Recode,
)
from berceau.schema.model import Column, Enum, ForeignKey, Index, Table, Unique
from berceau.schema.order import order
from berceau.schema.sync import AlterSyncTrigger, Mapped, SyncTrigger

ENUM = Enum("status", ("A",))
COLUMN = Column("a", "status")
TABLE = Table("t", (COLUMN,))
KEY = ForeignKey("f", ("a",), "t", ("a",))
UNIQUE = Unique("u", ("a",))

# Each pair: the first must be carried out before the second, if both happen.
RULES: list[tuple[Change, Change]] = [
    (CreateEnum(ENUM), CreateTable(TABLE)),
    (CreateEnum(ENUM), AddColumn("t", COLUMN)),
    (CreateTable(TABLE), AddConstraint("s", KEY)),
    (AddColumn("t", COLUMN), AddConstraint("t", UNIQUE)),
    (AddColumn("t", COLUMN), CreateIndex("t", Index("i", ("a",)))),
    (AddConstraint("t", UNIQUE), AddConstraint("s", KEY)),
    (DropConstraint("s", KEY), DropConstraint("t", UNIQUE)),
    (DropConstraint("s", KEY), DropTable(TABLE)),
    (DropConstraint("t", UNIQUE), DropColumn("t", COLUMN)),
    (DropColumn("t", COLUMN), DropEnum(ENUM)),
    (DropTable(TABLE), DropEnum(ENUM)),
    (CreateIndex("t", Index("i", ("a",))), DropTable(TABLE)),
    (AddConstraint("s", KEY), DropColumn("t", COLUMN)),
]


@given(st.permutations(sorted({change for rule in RULES for change in rule}, key=repr)))
def test_nothing_is_used_before_it_exists_or_after(changes: list[Change]) -> None:
    ordered = order(changes)
    for first, second in RULES:
        assert ordered.index(first) < ordered.index(second)


def test_equals_keep_their_order() -> None:
    tables = [CreateTable(Table(name, ())) for name in "zab"]
    assert list(order(tables)) == tables


@pytest.mark.parametrize("write", [Backfill("t", "a", "'A'"), Recode("t", "a", (("'B'", "'A'"),))])
def test_a_trigger_lets_go_of_values_before_rows_get_them(write: Change) -> None:
    end = AlterSyncTrigger("t", SyncTrigger(maps=(Mapped("a", "A", "B"),)), None)
    assert order([write, end]) == (end, write)
    other = AlterSyncTrigger("t", SyncTrigger(maps=(Mapped("b", "A", "B"),)), None)
    assert order([other, write]) == (write, other)
