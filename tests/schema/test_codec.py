import json

from berceau.schema.codec import decode, encode
from berceau.schema.model import (
    EMPTY,
    Check,
    Column,
    Enum,
    ForeignKey,
    Index,
    PrimaryKey,
    Schema,
    Table,
    Unique,
)

FULL = Schema(
    (Enum("status", ("A", "é'\"")),),
    (
        Table(
            "t",
            (Column("id", "integer", True, identity=True), Column("a", "text", default="''")),
            PrimaryKey("t_pkey", ("id",)),
            (Unique("t_a_key", ("a", "id")),),
            (Check("c", "(id > 0)"),),
            (ForeignKey("f", ("a",), "t", ("id",), "SET NULL"),),
            (Index("i", ("lower(a)",), "gin", unique=True, where="(id > 1)"),),
        ),
        Table("empty", ()),
    ),
)


def test_what_goes_through_json_comes_back_equal() -> None:
    for schema in (EMPTY, FULL):
        assert decode(json.loads(json.dumps(encode(schema)))) == schema
