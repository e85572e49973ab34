import json

import pytest

from berceau.schema.codec import decode, encode
from berceau.schema.model import (
    EMPTY,
    Check,
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

FULL = Schema(
    (Enum("status", ("A", "é'\"")),),
    (
        Table(
            "t",
            (
                Column("id", "integer", True, identity=True, sequence="t_id_seq"),
                Column("a", "text", default="''", empty="''", collation='"C"'),
            ),
            PrimaryKey("t_pkey", ("id",)),
            (Unique("t_a_key", ("a", "id")),),
            (Check("c", "(id > 0)"),),
            (ForeignKey("f", ("a",), "t", ("id",), "SET NULL"),),
            (Index("i", ("lower(a)",), "gin", unique=True, where="(id > 1)"),),
            (RawConstraint("r", "EXCLUDE USING gist (a WITH =)"),),
            ("trigger x",),
        ),
        Table("empty", ()),
    ),
)


@pytest.mark.parametrize("schema", [EMPTY, FULL])
def test_what_goes_through_json_comes_back_equal(schema: Schema) -> None:
    back = decode(Schema, json.loads(json.dumps(encode(schema))))
    assert back == schema
    # ``repr`` shows the fields that make no other column, too.
    assert repr(back) == repr(schema)


@pytest.mark.parametrize("data", [[], [[]], [[], []], [[["status"]], [], []], [3, []], None])
def test_what_is_no_schema_is_no_schema(data: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        decode(Schema, data)
