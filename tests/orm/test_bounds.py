"""A bound of 0 is one, as any other number is."""

import pony.orm
import pytest
from pony.orm import Optional, PrimaryKey

from berceau.orm.database import map_entities

database = pony.orm.Database()


class Sample(database.Entity):
    id = PrimaryKey(int, auto=True)
    whole = Optional(int, min=0)
    small = Optional(int, size=8, min=0, max=5)
    debt = Optional(int, max=0)
    ratio = Optional(float, min=0)
    loss = Optional(float, max=0.0)
    flag = Optional(bool)


@pytest.fixture(scope="module", autouse=True)
def mapped() -> None:
    map_entities(database)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("whole", -1), ("whole", "-1"), ("small", -1), ("small", 6), ("debt", 1)),
        *(("ratio", -0.1), ("loss", 0.1)),
    ],
)
def test_what_is_beyond_a_bound_is_refused(name, value) -> None:
    with pytest.raises(ValueError, match=f"of attr Sample.{name} is (less|greater) than the"):
        getattr(Sample, name).validate(value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("whole", 0), ("whole", 9), ("whole", None), ("small", 5), ("debt", 0), ("debt", -7)),
        *(("ratio", 0.0), ("ratio", 2.5), ("loss", -1.5), ("flag", True)),
    ],
)
def test_what_is_within_the_bounds_is_taken(name, value) -> None:
    assert getattr(Sample, name).validate(value) == value
