"""A transfer of a newer Berceau, which this one can't read, is left as it is."""

from dataclasses import replace

import pytest

from berceau.errors import MigrationError
from berceau.postgres.inspect import catalog
from berceau.postgres.inspect.schemas import execute_statements
from berceau.schema.diff import create
from berceau.schema.kept import Kept, Kind
from berceau.schema.kept_parts import present
from berceau.schema.model import Column, PrimaryKey, Schema, Table, Transfer, Unique
from berceau.schema.order import order
from berceau.schema.planning import steps_between
from berceau.schema.preserve import keep
from berceau.schema.rename_changes import moves
from berceau.schema.renames import Kind as Renamed
from berceau.schema.renames import Rename
from berceau.schema.sql import to_statements

ID, STREET = Column("id", "integer", not_null=True), Column("street", "text")
KEY = Column("person", "integer", not_null=True)
MOVES = Transfer("address", "person", "id", (("street", "street"),))
PERSON = Table("person", (ID, STREET), PrimaryKey("person_pkey", ("id",)))
UNIQUE = (Unique("address_person_key", ("person",)),)
ADDRESS = Table("address", (ID, KEY, STREET), PrimaryKey("address_pkey", ("id",)), UNIQUE)
KEPT = Kept(Kind.TRANSFER, ("person", "address"))


@pytest.mark.parametrize("mark", ["transfer 2: {", "transfer 1: [{"])
def test_it_is_read_and_stays(connection, mark) -> None:
    made = Schema(tables=(ADDRESS, replace(PERSON, transfers=(MOVES,))))
    execute_statements(connection, to_statements(order(create(made))))
    assert catalog.read(connection).tables[1].transfers == (MOVES,)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('person_address_berceau_to'::regproc)")
        ((text,),) = cursor.fetchall()
        cursor.execute(text.replace("transfer 1: [", mark))
    newer = catalog.read(connection)
    (transfer,) = newer.tables[1].transfers
    assert transfer.unknown.startswith(mark.removeprefix("transfer "))
    assert newer.tables[1].others == ()
    assert [*present([KEPT], newer, Schema(tables=(ADDRESS, PERSON)))] == [KEPT]
    more = replace(PERSON, columns=(ID, STREET, Column("note", "text")))
    declared = keep(newer, Schema(tables=(ADDRESS, more)))
    execute_statements(connection, to_statements(steps_between(newer, declared)))
    assert catalog.read(connection).tables[1].transfers == (transfer,)
    with pytest.raises(MigrationError, match="It names street, which would change") as error:
        keep(newer, Schema(tables=(ADDRESS, replace(PERSON, columns=(ID,)))))
    assert "Upgrade Berceau" in error.value.cure
    with pytest.raises(MigrationError, match="It names street, which would change"):
        moves(newer, [Rename(Renamed.COLUMN, "person", "street", "road")])
    with pytest.raises(MigrationError, match="It names person, which would change"):
        to_statements(steps_between(newer, Schema(tables=(ADDRESS,))))


def test_a_trigger_of_somebody_else_is_seen(connection) -> None:
    execute_statements(connection, to_statements(order(create(Schema(tables=(PERSON,))))))
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION mine() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
            "CREATE TRIGGER zz_berceau_mine BEFORE INSERT ON person "
            "FOR EACH ROW EXECUTE FUNCTION mine()"
        )
    assert catalog.read(connection).tables[0].others == ("trigger zz_berceau_mine",)
