"""A column gets another type while its default is kept for the release that still runs."""

from dataclasses import replace
from decimal import Decimal

import pytest

from berceau.errors import MigrationError
from berceau.settings import Settings
from tests.conftest import cases

POST = """
class State(enum.StrEnum):
    OPEN = "open"
    DONE = "done"
class Post(db.Entity):
    title = Required(str)
"""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A project whose releases take over from each other while it is served."""
    return replace(settings, allow_downtime=False)


RETYPED = {
    "longer": ('Required(str, 10, default="a")', 'Required(str, 20, default="a")', "a"),
    "a text": ('Required(str, 10, default="a")', 'Required(str, default="a")', "a"),
    "shorter": ('Required(str, 10, default="a")', 'Required(str, 1, default="a")', "a"),
    "a number with more digits": (
        "Required(int, size=16, default=-7)",
        "Required(int, size=64, default=-7)",
        -7,
    ),
    "a number with fewer digits": (
        "Required(int, size=64, default=7)",
        "Required(int, size=16, default=7)",
        7,
    ),
    "a fraction": ("Required(int, default=7)", "Required(Decimal, 8, 2, default=7)", 7),
    "a text as a number": ('Required(str, 9, default="-7")', "Required(int, default=-7)", -7),
    "a text as a large number": (
        'Required(str, 12, default="5000000000")',
        "Required(int, size=64, default=1)",
        5000000000,
    ),
    "a text as a fraction": (
        'Required(str, 9, default="-1.50")',
        "Required(Decimal, 8, 2, default=1)",
        Decimal("-1.50"),
    ),
    "a text as a label": (
        'Required(str, 9, default="done")',
        "Required(State, default=State.DONE)",
        "done",
    ),
    "a label as text": (
        "Required(State, default=State.DONE)",
        'Required(str, 4, default="done")',
        "done",
    ),
    "a number as text": ("Required(int, default=7)", 'Required(str, 3, default="7")', "7"),
}


@cases("before, after, value", RETYPED, quick=2)
def test_a_default_stays_with_another_type(migrate, query, finding, before, after, value) -> None:
    migrate(POST)
    query("INSERT INTO post (title) VALUES ('old')")
    migrate(POST + f"    kind = {before}\n")
    migrate(POST + f"    kind = {after}\n")
    query("INSERT INTO post (title) VALUES ('by the old release')")
    assert query("SELECT kind FROM post") == [(value,), (value,)]
    assert finding(POST + f"    kind = {after}\n") == ""
    migrate(POST + f"    kind = {after}\n", contract=True)
    assert finding(POST + f"    kind = {after}\n") == ""


@cases(
    "before, after",
    {
        "too long": ('Required(str, 10, default="abc")', 'Required(str, 2, default="b")'),
        "too large": ("Required(int, default=70000)", "Required(int, size=16, default=7)"),
        "no number": ('Required(str, 10, default="a")', "Required(int, default=7)"),
    },
    quick=1,
)
def test_a_default_that_the_new_type_may_refuse_has_to_be_given(migrate, before, after) -> None:
    migrate(POST)
    migrate(POST + f"    kind = {before}\n")
    with pytest.raises(
        MigrationError, match=r"release gives post\.kind no value, so that it gets the default"
    ):
        migrate(POST + f"    kind = {after}\n")
