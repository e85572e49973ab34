"""What a release needs of two tables that are kept in step, and what it may meet there."""

from dataclasses import replace

from berceau.schema.kept import Kept, Kind
from berceau.schema.meaning import Role
from berceau.schema.model import Column, ForeignKey, Meaning, Schema, Table, Transfer
from berceau.schema.resting import needed
from berceau.schema.surprises import surprises
from berceau.schema.sync import Mapped, SyncTrigger

ID, STREET = Column("id", "integer", not_null=True), Column("street", "text")
KEY = Column("person", "integer", not_null=True)
MOVES = Transfer("address", "person", "id", (("street", "street"),))
PERSON, ADDRESS = Table("person", (ID, STREET)), Table("address", (ID, KEY, STREET))
BUILT = Schema(tables=(Table("person", (ID, STREET), transfers=(MOVES,)), ADDRESS))
TRANSFER = Kept(Kind.TRANSFER, ("person", "address"))
OLD, NEW = Kept(Kind.COLUMN, ("person", "street")), Kept(Kind.COLUMN, ("address", "street"))
TARGET = Kept(Kind.TABLE, ("address",))


def test_a_transfer_is_needed_while_both_its_ends_are_used() -> None:
    before, after = Schema(tables=(PERSON,)), Schema(tables=(Table("person", (ID,)), ADDRESS))
    assert needed({OLD, TRANSFER}, before, BUILT) == {OLD, TRANSFER}
    assert needed({OLD, TRANSFER}, after, BUILT) == set()
    # The attribute went back, and a release that knows only the first table runs again.
    assert needed({TARGET, TRANSFER}, before, BUILT) == set()
    assert needed({NEW, TRANSFER}, before, BUILT) == set()
    both = Schema(tables=(PERSON, ADDRESS))
    assert needed({TARGET, TRANSFER}, both, BUILT) == {TARGET, TRANSFER}


def test_a_mapping_is_needed_while_a_release_writes_the_value_that_goes() -> None:
    kept = Kept(Kind.MAPPING, ("person", "kind", "Student"))
    kind = Column("kind", "text", not_null=True)
    trigger = SyncTrigger(maps=(Mapped("kind", "Student", "Pupil"),))
    built = Schema(tables=(Table("person", (ID, kind), sync_trigger=trigger),))
    release = Schema(tables=(Table("person", (ID, kind)),))
    for value, needs in (("Student", {kept}), ("Pupil", set())):
        means = (Meaning(Role.SUBCLASS, ("person", "kind", value), value),)
        assert needed({kept}, replace(release, meanings=means), built) == needs


def test_the_second_row_is_no_reason_why_the_first_one_stays() -> None:
    keys = (ForeignKey("address_person_fkey", ("person",), "person", ("id",)),)
    address = replace(ADDRESS, foreign_keys=keys)
    release = Schema(tables=(PERSON,))
    (met,) = surprises(release, Schema(tables=(PERSON, address)))
    assert met.reason == "rows may refer to it by Address.person"
    assert surprises(release, replace(BUILT, tables=(BUILT.tables[0], address))) == ()
