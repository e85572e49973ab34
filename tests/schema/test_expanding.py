"""A column with two names: the rules that keep both in step, and what can't have two."""

from dataclasses import replace

import pytest

from berceau.errors import MigrationError
from berceau.schema.choices import NO_CHOICES, Choices
from berceau.schema.expanding import doubled, expand
from berceau.schema.model import Column, PrimaryKey, Schema, Table
from berceau.schema.renames import Kind as RenameKind
from berceau.schema.renames import Rename
from berceau.schema.sync import Computed, Sync, SyncTrigger

ID = Column("id", "integer", not_null=True)
KEY = PrimaryKey("t_pkey", ("id",))
NUMBER = Sync((Computed("price", "amount::text"),), (Computed("amount", "price::numeric"),))


def test_no_rule_is_broken_by_a_new_name() -> None:
    first = Computed("first", "split_part(name, ' ', 1)")
    rules = SyncTrigger((Sync((Computed("name", "first || ' ?'"),), (first,)),))
    assert rules.renamed({"other": "name"}) == rules
    with pytest.raises(MigrationError, match="split_part"):
        rules.renamed({"name": "full_name"})


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (Column("id", "integer", not_null=True), "a part of the primary key"),
        (Column("n", "integer", not_null=True, identity=True), "the server numbers it"),
        (Column("n", "integer", generated="(1) STORED"), "the server computes it"),
        (Column("n", "integer", default="1"), "can't tell which one was meant"),
    ],
)
def test_what_cannot_have_two_names_is_refused_with_the_way_out(column, reason) -> None:
    rename = Rename(RenameKind.COLUMN, "t", column.name, "m")
    before = Table("t", (column,), PrimaryKey("t_pkey", ("id",)))
    after = replace(before, columns=(column, replace(column, name="m")))
    with pytest.raises(MigrationError, match=reason) as caught:
        expand(Schema(tables=(before,)), Schema(tables=(after,)), doubled([rename]), NO_CHOICES)
    assert f"column='{column.name}'" in caught.value.cure


def test_another_type_needs_a_way_there_and_one_back() -> None:
    before = Table("t", (ID, Column("price", "text")), KEY)
    after = replace(before, columns=(*before.columns, Column("amount", "numeric(8,2)")))
    rename = [Rename(RenameKind.COLUMN, "t", "price", "amount")]
    found, chosen = expand(
        Schema(tables=(before,)), Schema(tables=(after,)), doubled(rename), NO_CHOICES
    )
    assert found.tables[0].sync_trigger == SyncTrigger((NUMBER,))
    assert chosen.backfills == {("t", "amount"): "price::numeric"}
    choices = Choices(usings={("t", "amount"): "1"}, backfills={("t", "price"): "'one'"})
    found, chosen = expand(
        Schema(tables=(before,)), Schema(tables=(after,)), doubled(rename), choices
    )
    rule = Sync((Computed("price", "'one'"),), (Computed("amount", "1"),))
    assert found.tables[0].sync_trigger == SyncTrigger((rule,))
    assert chosen == Choices(backfills={("t", "amount"): "1"})
    moment = replace(before, columns=(*before.columns, Column("amount", "date")))
    number = replace(before, columns=(ID, Column("price", "integer")))
    both = replace(moment, columns=(*number.columns, moment.columns[-1]))
    with pytest.raises(MigrationError, match="No value of t"):
        expand(Schema(tables=(number,)), Schema(tables=(both,)), doubled(rename), NO_CHOICES)
