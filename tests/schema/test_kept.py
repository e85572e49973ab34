"""What a schema keeps for the release that still runs, put aside and given back."""

from dataclasses import replace

from berceau.schema.kept import Kept, Kind
from berceau.schema.kept_parts import called, with_kept, without_details
from berceau.schema.model import Column, Enum, Schema, Table, Transfer
from berceau.schema.rename_changes import moves
from berceau.schema.renames import Kind as Renamed
from berceau.schema.renames import Rename
from berceau.schema.sync import Mapped, SyncTrigger

COLUMNS = (Column("id", "integer"), Column("n", "integer"))
KEPT_ONE = Transfer("note", "post", "id", (("n", "n"),), ())
NEW_ONE = replace(KEPT_ONE, target="remark")
POST = Table("post", COLUMNS, transfers=(NEW_ONE, KEPT_ONE))


def test_kept_transfers_are_put_aside_and_given_back() -> None:
    schema, kept = Schema(tables=(POST,)), {Kept(Kind.TRANSFER, ("post", "note"))}
    bare = without_details(schema, kept)
    assert bare.tables == (replace(POST, transfers=(NEW_ONE,)),)
    assert with_kept(schema, bare, kept) == schema


def test_a_kept_mapping_follows_its_table_its_column_and_its_value() -> None:
    kind = Enum("kind", ("Pupil", "Teacher"))
    trigger = SyncTrigger(maps=(Mapped("kind", "Pupil", "Teacher"),))
    person = Table("person", (Column("kind", "kind"),), sync_trigger=trigger)
    renames = (
        Rename(Renamed.TABLE, None, "person", "human"),
        Rename(Renamed.COLUMN, "person", "kind", "sort"),
        Rename(Renamed.LABEL, "kind", "Pupil", "Student"),
    )
    before = Kept(Kind.MAPPING, ("person", "kind", "Pupil"))
    for count, place in enumerate(
        [
            ("person", "kind", "Pupil"),
            ("human", "kind", "Pupil"),
            ("human", "sort", "Pupil"),
            ("human", "sort", "Student"),
        ]
    ):
        changes = moves(Schema(enums=(kind,), tables=(person,)), renames[:count])
        assert called([before], changes) == {before: Kept(Kind.MAPPING, place)}
