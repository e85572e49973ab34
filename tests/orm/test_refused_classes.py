"""A wrong declaration is shown with the line of its attribute, also where Pony names the class."""

import importlib
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import indent
from uuid import uuid4

import pytest
from pony.orm.core import OrmError

from berceau.errors import BerceauError, ComponentError
from berceau.orm.database import map_entities
from berceau.orm.refused_classes import place_of_refusal

HEADER = """import datetime as time_module
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from uuid import UUID
from pony.orm import *
db = Database()
class Tag(db.Entity):
    name = Required(str)
"""

REFUSALS = (
    *(OrmError, ComponentError, TypeError, ValueError),
    *(AttributeError, NotImplementedError),
)
REFUSED = {
    "a required default of None": "a = Required(str, default=None)  # culprit",
    "a required default that is empty": "a = Required(str, default='')  # culprit",
    "an optional default of None": "a = Optional(str, default=None)  # culprit",
    "a default of another type": "a = Required(int, default='many')  # culprit",
    "a default of a set": "tags = Set('Tag', default=[])  # culprit",
    "a unique set": "b = Optional(int)\ntags = Set('Tag', unique=True)  # culprit",
    "a set with a check": "tags = Set('Tag', py_check=bool)  # culprit",
    "a set numbered": "tags = Set('Tag', auto=True)  # culprit",
    "the columns of a side": "tags = Set('Tag', reverse_column='x')  # culprit",
    "the index of a side": "tags = Set('Tag', reverse_index='x')  # culprit",
    "a unique attribute that isn't null": (
        "a = Optional(int, unique=True, nullable=False)  # culprit"
    ),
    "a lazy key": "b = Required(int)\na = PrimaryKey(str, lazy=True)  # culprit",
    "a volatile key": "a = PrimaryKey(str, volatile=True)  # culprit",
    "a key of floats": "a = PrimaryKey(float)  # culprit",
    "a unique key": "b = Required(int)\na = PrimaryKey(int, unique=True)  # culprit",
    "a unique float": "a = Required(float, unique=True)  # culprit",
    "two keys": "a = PrimaryKey(int)\nb = PrimaryKey(int)  # culprit",
    "a key beside one of two": (
        "a = PrimaryKey(int)  # culprit\nb = Required(int)\nc = Required(int)\nPrimaryKey(b, c)"
    ),
    "a key of one": "a = Required(int)\nPrimaryKey(a)  # culprit",
    "a key with an optional": ("a = Required(int)\nb = Optional(int)\nPrimaryKey(a, b)  # culprit"),
    "an index of one": "a = Required(int)\ncomposite_index(a)  # culprit",
    "an index of a set": "a = Required(int)\ntags = Set('Tag')\ncomposite_key(a, tags)  # culprit",
    "a key of a float": ("a = Required(int)\nb = Required(float)\ncomposite_key(a, b)  # culprit"),
    "an index of what isn't there": "a = Required(int)\ncomposite_index(a, 'b')  # culprit",
    "an index of no attribute": "a = Required(int)\nb = 5\ncomposite_index(a, 'b')  # culprit",
    "the second of two indexes": (
        "a = Required(int)\nb = Required(float)\nc = Required(int)\ncomposite_index(a, c)\n"
        "composite_index(a, b)  # culprit"
    ),
    "a cascade without a relation": "a = Required(str, cascade_delete=True)  # culprit",
    "a reverse without a relation": "a = Required(str, reverse='b')  # culprit",
    "a check that can't be called": "a = Required(str, py_check=5)  # culprit",
    "an empty SQL default": "a = Required(str, sql_default='')  # culprit",
    "a SQL default of another type": "a = Required(int, sql_default=5)  # culprit",
    "a column that is no text": "a = Required(int, column=5)  # culprit",
    "columns that are no list": "a = Required(int, columns='a')  # culprit",
    "both column and columns": "a = Required(int, column='a', columns=['a'])  # culprit",
    "too many columns": "a = Required(int, columns=['a', 'b'])  # culprit",
    "an id that is no key": "a = Required(int)\nid = Optional(int)  # culprit",
    "a name in underscores": "_a_ = Required(int)  # culprit",
    "one attribute twice": "b = Optional(int)\na = Required(int)  # culprit\nc = a",
    "no type": "b = Optional(int)\na = Required()  # culprit",
    "a type that is a value": "a = Required(5)  # culprit",
    "a type that is a module": "a = Required(time_module)  # culprit",
    "a type without a column": "a = Required(list)  # culprit",
    "an interleaved set": "tags = Set('Tag', interleave=True)  # culprit",
    "a table that is no text": "a = Required(int)\n_table_ = 5  # culprit",
    "inside of a condition": (
        "a = Required(int)\nif True:\n    b = Required(str, default='')  # culprit"
    ),
    "over several lines": (
        "a = Required(int)\nb = Required(  # culprit\n    str,\n    default='',\n)"
    ),
    "an annotated one": "a: str = Required(str, default='')  # culprit",
    # Options that a type doesn't have, and values that they can't have.
    "a size of a text": "a = Required(str, size=8)  # culprit",
    "a precision of a text": "a = Required(str, precision=8)  # culprit",
    "a precision of an integer": "a = Required(int, precision=8)  # culprit",
    "a precision of a date": "a = Required(date, precision=3)  # culprit",
    "a scale of a float": "a = Required(float, scale=3)  # culprit",
    "a size of a bool": "a = Required(bool, size=8)  # culprit",
    "an unsigned decimal": "a = Required(Decimal, unsigned=True)  # culprit",
    "a length of an integer": "a = Required(int, 10)  # culprit",
    "a length of Json": "a = Required(Json, max_len=9)  # culprit",
    "a length of a long text": "a = Required(LongStr, 10)  # culprit",
    "a length that is a text": "a = Required(str, '10')  # culprit",
    "a length given twice": "a = Required(str, 10, max_len=9)  # culprit",
    "a size that no type has": "a = Required(int, size=7)  # culprit",
    "an unsigned big integer": "a = Required(int, size=64, unsigned=True)  # culprit",
    "a maximum beyond the size": "a = Required(int, size=8, max=300)  # culprit",
    "a precision beyond microseconds": "a = Required(datetime, precision=9)  # culprit",
    "a precision given twice": "a = Required(time, 3, precision=3)  # culprit",
    "a scale beyond the precision": "a = Required(Decimal, 3, 5)  # culprit",
    "a decimal with three numbers": "a = Required(Decimal, 3, 2, 1)  # culprit",
    "an option of a relation": "tag = Required('Tag', size=8)  # culprit",
    "a set's option": "tag = Required('Tag', table='x')  # culprit",
    "columns of a relation": "tag = Required('Tag', columns=['a', 'b'])  # culprit",
    "one column twice": "a = Required(int, column='c')\nb = Required(int, column='c')  # culprit",
    "its column twice": "a = Required(int, column='tag')\ntag = Required('Tag')  # culprit",
    "both sides cascade": (
        "b = Optional(int)\nnotes = Set('Note', cascade_delete=True)  # culprit\n"
        "# below\nclass Note(db.Entity):\n    post = Required('Post', cascade_delete=True)"
    ),
    "a cascade to a set": (
        "b = Optional(int)\nnotes = Set('Note')\n# below\nclass Note(db.Entity):\n"
        "    a = Optional(int)\n    post = Required('Post', cascade_delete=True)  # culprit"
    ),
    "a cascade of a link": (
        "b = Optional(int)\ntags = Set('Tag', cascade_delete=True)  # culprit\nc = Optional(int)"
    ),
    "the table of a side": (
        "b = Optional(int)\nnotes = Set('Note', table='x')  # culprit\n# below\n"
        "class Note(db.Entity):\n    post = Required('Post')"
    ),
    "the column of a side": (
        "b = Optional(int)\nnotes = Set('Note', column='x')  # culprit\n# below\n"
        "class Note(db.Entity):\n    post = Required('Post')"
    ),
    "the foreign key of a side": (
        "b = Optional(int)\nnotes = Set('Note', fk_name='x')  # culprit\n# below\n"
        "class Note(db.Entity):\n    post = Required('Post')"
    ),
    "a numbered text": "a = PrimaryKey(str, auto=True)  # culprit",
    "a numbered bool": "a = PrimaryKey(bool, auto=True)  # culprit",
    "a numbered date": "a = PrimaryKey(date, auto=True)  # culprit",
    "a numbered decimal": "b = Optional(int)\na = PrimaryKey(Decimal, auto=True)  # culprit",
    "a numbered column of texts": "a = PrimaryKey(int, auto=True, sql_type='text')  # culprit",
    "a numbered relation": "tag = PrimaryKey('Tag', auto=True)  # culprit",
    "a numbered key with a default": "a = PrimaryKey(int, auto=True, sql_default='1')  # culprit",
    "two names of a link table": (
        "b = Optional(int)\nnotes = Set('Note', table='x')\n# below\n"
        "class Note(db.Entity):\n    posts = Set('Post', table='y')  # culprit"
    ),
}

SUBCLASS = {
    "an attribute of the base": "a = Required(str)\n# below\nclass Note(Post):\n"
    "    b = Optional(int)\n    a = Required(int)  # culprit",
    "a key of its own": "a = Required(str)\n# below\nclass Note(Post):\n"
    "    b = Optional(int)\n    c = PrimaryKey(int)  # culprit",
    "a column that can't be null": "a = Required(str)\n# below\nclass Note(Post):\n"
    "    b = Required(int, nullable=False)  # culprit",
    "a discriminator": "a = Required(str)\n# below\nclass Note(Post):\n"
    "    b = Optional(int)\n    kind = Discriminator(str)  # culprit",
    "what a sister has": "a = Required(str)\n# below\nclass Note(Post):\n    b = Optional(int)\n"
    "class Memo(Post):\n    c = Optional(int)\n    b = Required(str)  # culprit",
    "options of a table": "a = Required(str)\n# below\nclass Note(Post):\n    b = Optional(int)\n"
    "    _table_options_ = {}  # culprit",
    "a table's name": "a = Required(str)\n# below\nclass Note(Post):\n    b = Optional(int)\n"
    "    _table_ = 'note'  # culprit",
    "a discriminator's value": "a = Required(str)\nkind = Discriminator(int)  # culprit\n"
    "_discriminator_ = 'x'",
}


def source(body: str) -> str:
    """Return a module with an entity ``Post`` of that body, and the classes below it."""
    inside, _, below = body.partition("# below\n")
    body = indent(f"{inside}\nlast = Optional(int)", "    ")
    return f"{HEADER}class Post(db.Entity):\n{body}\n{below}\n"


@pytest.fixture
def declare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Return a function that imports and maps a module of entities."""
    name = f"entities_{uuid4().hex}"
    monkeypatch.syspath_prepend(tmp_path)

    def declare(text: str) -> None:
        (tmp_path / f"{name}.py").write_text(text)
        map_entities(importlib.import_module(name).db)

    yield declare
    sys.modules.pop(name, None)


def line_of(error: Exception, folder: Path) -> int | None:
    """Return the line that is shown for an error, as `invoke build` finds it."""
    if isinstance(error, BerceauError):
        return error.where.line if error.where else None
    place = place_of_refusal(error)
    frames = traceback.extract_tb(error.__traceback__)
    running = [each.lineno for each in frames if Path(each.filename).parent == folder]
    return place.line if place else running[-1]


@pytest.mark.parametrize("body", [*REFUSED.values(), *SUBCLASS.values()], ids=[*REFUSED, *SUBCLASS])
def test_what_pony_refuses_is_shown_with_its_line(declare, tmp_path, body) -> None:
    text = source(body)
    with pytest.raises(REFUSALS) as caught:
        declare(text)
    culprit = next(n for n, line in enumerate(text.splitlines(), 1) if "# culprit" in line)
    assert line_of(caught.value, tmp_path) == culprit, caught.value
