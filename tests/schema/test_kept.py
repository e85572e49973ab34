"""What a schema keeps for the release that still runs, put aside and given back."""

from dataclasses import replace

from berceau.schema.kept import Kept, Kind
from berceau.schema.kept_parts import with_kept, without_details
from berceau.schema.model import Column, Schema, Table, Transfer

COLUMNS = (Column("id", "integer"), Column("n", "integer"))
KEPT_ONE = Transfer("note", "post", "id", (("n", "n"),), ())
NEW_ONE = replace(KEPT_ONE, target="remark")
POST = Table("post", COLUMNS, transfers=(NEW_ONE, KEPT_ONE))


def test_kept_transfers_are_put_aside_and_given_back() -> None:
    schema, kept = Schema(tables=(POST,)), {Kept(Kind.TRANSFER, ("post", "note"))}
    bare = without_details(schema, kept)
    assert bare.tables == (replace(POST, transfers=(NEW_ONE,)),)
    assert with_kept(schema, bare, kept) == schema
