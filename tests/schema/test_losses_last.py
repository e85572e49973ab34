"""What can't be undone is done last: no row can stop a migration that has lost data."""

import importlib.util
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from berceau.migration.transaction_groups import Mode, cut
from berceau.schema.changes import (
    AlterEnum,
    Change,
    CreateEnum,
    CreateIndex,
    CreateTable,
    DeleteRows,
    DropColumn,
    DropConstraint,
    DropEnum,
    DropIndex,
    DropTable,
    Recode,
)
from berceau.schema.choices import Choices
from berceau.schema.conversions import loses
from berceau.schema.diff import diff
from berceau.schema.lowering import InTheWay, in_steps
from berceau.schema.model import Column, Enum, ForeignKey, Index, PrimaryKey, Schema, Table, Unique
from berceau.schema.order import order
from berceau.schema.sql import rendered
from berceau.schema.sql.text import to_text
from tests.conftest import examples

UNSTOPPABLE = (DropColumn, DropTable, DropEnum, DropIndex, DropConstraint, CreateEnum, AlterEnum)


def strategies() -> ModuleType:
    """Load the module whose strategies draw schemas: tests are no package to import from."""
    path = Path(__file__).with_name("test_diff_properties.py")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


drawn = strategies()


@st.composite
def choices(draw: st.DrawFn, before: Schema, after: Schema) -> Choices:
    """Draw values for some columns, and labels for some of those that go."""
    places = [(table.name, column.name) for table in after.tables for column in table.columns]
    some = st.dictionaries(st.sampled_from(places or [("", "")]), st.just("(SELECT 1)"), max_size=3)
    labels = {enum.name: enum.labels for enum in after.enums}
    gone = [
        (enum.name, label)
        for enum in before.enums
        for label in enum.labels
        if label not in labels.get(enum.name, (label,))
    ]
    mapped = {place: labels[place[0]][0] for place in gone if draw(st.booleans())}
    return Choices(draw(some), usings=draw(some), labels=mapped, cuts=draw(st.booleans()))


def require_losses_last(changes: tuple[Change, ...]) -> int:
    """Assert that nothing may fail in a transaction after one that loses data; count the losses."""
    found = [*rendered(order(changes))]
    groups = cut(to_text([statement for _, statement in found]), Path("up.sql")) if found else ()
    group_of = [group for group in groups for _ in group.statements]
    assert len(group_of) == len(found)
    losing = [group for group, (change, _) in zip(group_of, found, strict=True) if loses(change)]
    assert all(group.mode is Mode.TRANSACTION for group in losing)
    for group, (change, statement) in zip(group_of, found, strict=True):
        if losing and not isinstance(change, UNSTOPPABLE):
            assert group.first <= losing[0].first, statement.text
    return len(losing)


@given(st.data(), drawn.schemas(), drawn.schemas())
@settings(max_examples=examples(150), suppress_health_check=list(HealthCheck))
def test_nothing_may_fail_once_data_is_lost(data, before, after) -> None:
    chosen = data.draw(choices(before, after))
    viewed = {(table.name, column.name) for table in before.tables for column in table.columns}
    for seen in (None, InTheWay(), InTheWay(viewed)):
        changes = in_steps(diff(before, after), before, after, chosen, seen)
        event(f"{min(require_losses_last(changes), 3)} losses")


T = Table(
    "t",
    (
        Column("a", "integer", not_null=True),
        Column("b", "integer", not_null=True),
        Column("c", "text"),
    ),
    PrimaryKey("t_pkey", ("a", "b")),
)


def columns(*names: str) -> tuple[Column, ...]:
    return tuple(column for column in T.columns if column.name in names)


# Tables before and after; which statement is the first.
CASES = {
    "a key that loses a column": (
        T,
        replace(T, columns=columns("a", "c"), primary_key=PrimaryKey("t_pkey", ("a",))),
        "CREATE UNIQUE INDEX CONCURRENTLY t_a_new_key ON t (a)",
    ),
    "a key whose column needs no value any more": (
        T,
        replace(
            T,
            columns=(T.columns[0], Column("b", "integer"), T.columns[2]),
            primary_key=PrimaryKey("t_pkey", ("a",)),
        ),
        "CREATE UNIQUE INDEX CONCURRENTLY t_a_new_key ON t (a)",
    ),
    "a column that goes, and a unique on another": (
        T,
        replace(T, columns=columns("a", "b"), uniques=(Unique("t_b_key", ("b",)),)),
        "CREATE UNIQUE INDEX CONCURRENTLY t_b_key ON t (b)",
    ),
    "a unique that another takes the place of": (
        replace(T, uniques=(Unique("t_c_key", ("c",)),)),
        replace(T, uniques=(Unique("t_b_key", ("b",)),)),
        "CREATE UNIQUE INDEX CONCURRENTLY t_b_key ON t (b)",
    ),
    "an index that becomes unique": (
        replace(T, indexes=(Index("t_c_idx", ("c",)),)),
        replace(T, uniques=(Unique("t_c_key", ("c",)),)),
        "CREATE UNIQUE INDEX CONCURRENTLY t_c_key ON t (c)",
    ),
}


@pytest.mark.parametrize(("before", "after", "first"), CASES.values(), ids=CASES)
def test_what_rows_may_stop_comes_first(before, after, first) -> None:
    one, other = Schema(tables=(before,)), Schema(tables=(after,))
    changes = in_steps(diff(one, other), one, other)
    require_losses_last(changes)
    assert next(rendered(order(changes)))[1].text == first


def test_a_narrower_type_is_one_transaction_with_what_rests_on_it() -> None:
    """Before the new type, the values aren't what is to be unique; after it, they are lost."""
    before = Table("t", (Column("a", "timestamp without time zone"),))
    after = Table("t", (Column("a", "date"),), uniques=(Unique("t_a_key", ("a",)),))
    one, other = Schema(tables=(before,)), Schema(tables=(after,))
    text = to_text([each for _, each in rendered(order(in_steps(diff(one, other), one, other)))])
    assert "CONCURRENTLY" not in text
    assert "BEGIN" not in text
    require_losses_last(in_steps(diff(one, other), one, other))


def test_rows_that_are_merged_or_deleted_are_one_transaction() -> None:
    """A key that leads to them may stop the second when the first is done."""
    merged = Recode("t", "kind", (("'A'", "'B'"),), ("'A'",))
    deleted = [DeleteRows("t", "kind", value) for value in ("'C'", "'D'")]
    assert require_losses_last((merged, *deleted, DropColumn("t", Column("b", "text")))) == 4
    assert require_losses_last((*deleted,)) == 2


def test_rows_that_change_together_with_a_loss_or_swap_values_are_locked_and_said() -> None:
    merged = Recode("t", "kind", (("'A'", "'B'"),), ("'A'",))
    swapped = Recode("t", "kind", (("'A'", "'B'"), ("'B'", "'A'")))
    plain = Recode("t", "kind", (("'A'", "'B'"),))
    texts = [
        to_text([each for _, each in rendered(changes)])
        for changes in ([plain], [merged], [swapped], [merged, DeleteRows("t", "kind", "'C'")])
    ]
    said = "-- locks all rows that it changes until it ends\n"
    assert [said in text for text in texts] == [False, False, True, True]
    assert ["-- Batches: above 20000 rows\nUPDATE t SET" in text for text in texts] == [
        True,
        True,
        False,
        False,
    ]


def test_what_comes_back_by_a_name_that_goes_finds_it_free() -> None:
    old = Table("a", (Column("x", "text"),), indexes=(Index("by_x", ("x",)),))
    new = replace(old, name="b")
    changes = in_steps(
        (DropTable(old), DropEnum(Enum("b", ("x",))), CreateTable(new), *new_index(new)),
        Schema((Enum("b", ("x",)),), (old,)),
        Schema(tables=(new,)),
    )
    assert [each.text for _, each in rendered(order(changes))] == [
        "ALTER TYPE b RENAME TO b_retired",
        "ALTER INDEX by_x RENAME TO by_x_retired",
        "CREATE TABLE b (\n    x text\n)",
        "CREATE INDEX by_x ON b (x)",
        "DROP TABLE a",
        "DROP TYPE b_retired",
    ]


def new_index(table: Table) -> list[Change]:
    return [CreateIndex(table.name, index) for index in table.indexes]


def test_several_columns_that_get_another_type_are_written_once() -> None:
    before = Table("t", (Column("a", "integer", default="1"), Column("b", "integer")))
    after = Table("t", (Column("a", "bigint", default="1"), Column("b", "text")))
    one, other = Schema(tables=(before,)), Schema(tables=(after,))
    assert [each.text for _, each in rendered(order(in_steps(diff(one, other), one, other)))] == [
        "ALTER TABLE t ALTER COLUMN a DROP DEFAULT",
        "ALTER TABLE t\n    ALTER COLUMN a TYPE bigint USING a::bigint,\n"
        "    ALTER COLUMN b TYPE text USING b::text",
        "ALTER TABLE t ALTER COLUMN a SET DEFAULT 1",
    ]


def test_references_are_let_go_when_all_that_may_fail_is_done() -> None:
    """The new key's index and the new reference come first, the old ones go in one transaction."""
    before, after = (referring(key) for key in ("a", "b"))
    texts = [each.text for _, each in rendered(order(in_steps(diff(before, after), before, after)))]
    assert texts == [
        "CREATE UNIQUE INDEX CONCURRENTLY t_b_new_key ON t (b)",
        "ALTER TABLE u ADD CONSTRAINT u_y_fkey FOREIGN KEY (y) REFERENCES t (b) NOT VALID",
        "ALTER TABLE u VALIDATE CONSTRAINT u_y_fkey",
        "ALTER TABLE u DROP CONSTRAINT u_x_fkey",
        "ALTER TABLE t DROP CONSTRAINT t_pkey, "
        "ADD CONSTRAINT t_pkey PRIMARY KEY USING INDEX t_b_new_key",
    ]


def referring(key: str) -> Schema:
    """Return two tables, one of which refers to the ``key`` of the other."""
    mine = {"a": "x", "b": "y"}[key]
    integers = (Column("x", "integer", not_null=True), Column("y", "integer", not_null=True))
    reference = ForeignKey(f"u_{mine}_fkey", (mine,), "t", (key,))
    return Schema(
        tables=(
            replace(T, columns=columns("a", "b"), primary_key=PrimaryKey("t_pkey", (key,))),
            Table("u", integers, foreign_keys=(reference,)),
        )
    )
