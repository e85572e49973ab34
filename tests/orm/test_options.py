"""The options that are said to do nothing do nothing, and those that do something aren't named."""

import decimal
import uuid
from textwrap import indent
from typing import Any

import pony.orm
import pytest

from berceau.orm.attributes import read_attributes
from berceau.orm.database import map_entities
from berceau.orm.mapping import to_schema

NOTE = "class Note(db.Entity):\n    post = Required('Post')"
TAG = "class Tag(db.Entity):\n    posts = Set('Post')"
DO_NOTHING = {
    "notes = Set('Note'{})": (
        NOTE,
        "index=True index='x' nullable=True nullable=False optimistic=False sql_default='1' "
        "sql_type='int8' reverse_fk_name='x' ",
    ),
    "tags = Set('Tag'{})": (
        TAG,
        "nullable=True optimistic=False sql_default='1' sql_type='int8' reverse_fk_name='x'",
    ),
    "note = Optional('Note'{})": (
        NOTE,
        "index=True index='x' nullable=True optimistic=False sql_default='1' sql_type='int8' "
        "reverse_index=True lazy=True auto=True interleave=True",
    ),
    "post = Optional('Post', reverse='posts'{})\nposts = Set('Post', reverse='post')": (
        "",
        "reverse_index=True auto=True interleave=True",
    ),
    "a = Required(int{})": ("", "reverse_index=True fk_name='x' auto=True"),
    "a = Optional(int{})": ("", "auto=True"),
    "a = Required(str{})": ("", "db_encoding='x' fk_name='x' auto=True"),
    "a = PrimaryKey(int{})": ("", "nullable=True nullable=False optimistic=False fk_name='x'"),
    "a = Required(int{})\nb = Required(int)\nPrimaryKey(a, b)": ("", "auto=True"),
    "a = Required(int, volatile=True{})": ("", "optimistic=True optimistic=False"),
}
DO_SOMETHING = {
    "notes = Set('Note'{})": (
        NOTE,
        "lazy=True volatile=True cascade_delete=True cascade_delete=False nplus1_threshold=3 "
        "reverse='post' hidden=True",
    ),
    "tags = Set('Tag'{})": (TAG, "index='x' fk_name='x' column='x' table='x' lazy=True"),
    "tags = Set('Post', reverse='tags'{})": ("", "reverse_fk_name='x' reverse_index='x'"),
    "note = Optional('Note'{})": (NOTE, "fk_name='x' cascade_delete=True volatile=True"),
    "post = Optional('Post', reverse='posts'{})\nposts = Set('Post', reverse='post')": (
        "",
        "index=False index='x' nullable=True sql_default='1' sql_type='int8' fk_name='x' "
        "column='x' lazy=True volatile=True optimistic=False default=1",
    ),
    "a = Required(int{})": (
        "",
        "index=True index='x' unique=True sql_default='1' size=8 unsigned=True min=0 max=9 "
        "lazy=True volatile=True optimistic=False column='x' default=1 py_check=bool "
        "sql_type='numeric' auto=True,sql_type='SERIAL' auto=True,sql_default='1' nullable=False",
    ),
    "a = Required(str{})": ("", "max_len=4 autostrip=False lazy=True unique=True"),
    "a = Optional(str{})": ("", "nullable=True default='x'"),
    "a = Required(float{})": ("", "tolerance=1 min=0 max=1"),
    "a = Required(Decimal{})": ("", "precision=5 scale=1"),
    "a = Required(UUID{})": ("", "auto=True"),
    "a = PrimaryKey(UUID{})": ("", "auto=True default=uuid4"),
    "a = PrimaryKey(int{})": (
        "",
        "auto=True size=64,auto=True sql_type='int4',auto=True column='x'",
    ),
}
CASES = [
    (declared, below, option, does)
    for does, table in ((False, DO_NOTHING), (True, DO_SOMETHING))
    for declared, (below, options) in table.items()
    for option in options.split()
]


def declare(declared: str, below: str, options: str) -> Any:
    """Return a mapped database with an entity ``Post`` that has one attribute with ``options``."""
    kinds = ("Required", "Optional", "PrimaryKey", "Set")
    names: dict[str, Any] = {name: getattr(pony.orm, name) for name in kinds}
    names |= {"UUID": uuid.UUID, "uuid4": uuid.uuid4, "Decimal": decimal.Decimal}
    db = pony.orm.Database()
    body = indent(declared.replace("{}", options), "    ")
    source = f"class Post(db.Entity):\n{body}\n    last = Optional(int)\n{below}"
    exec(source, names | {"db": db, "__name__": __name__})
    map_entities(db)
    return db


@pytest.mark.parametrize(("declared", "below", "option", "does"), CASES)
def test_an_option_does_what_is_said(declared, below, option, does) -> None:
    with_option = declare(declared, below, f", {option}")
    first = next(iter(each for each in read_attributes(with_option) if each.name != "id"))
    given = {each.partition("=")[0] for each in option.split(",")}
    named = given & {name for name, _ in first.idle}
    if does:
        assert named == set()
    else:
        assert named == given
        assert to_schema(with_option) == to_schema(declare(declared, below, ""))
