from hypothesis import given
from hypothesis import strategies as st

from berceau.schema.changes import (
    AddColumn,
    AddConstraint,
    Change,
    CreateEnum,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropEnum,
    DropTable,
)
from berceau.schema.model import Column, Enum, ForeignKey, Index, Table, Unique
from berceau.schema.order import order

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
