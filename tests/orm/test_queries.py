"""Queries that plain Pony translates wrongly, or not at all."""

import pytest
from pony.orm import Optional, Required, select

from berceau.orm.database import GlobalDatabase

database = GlobalDatabase()


class Author(database.Entity):
    name = Required(str)
    score = Optional(int)


@pytest.fixture(scope="module", autouse=True)
def tables(make_tables) -> None:
    make_tables(database)


@pytest.fixture(autouse=True)
def rows(session) -> None:  # noqa: ARG001 (they are undone)
    Author(name="ada", score=1)
    Author(name="bob", score=2)


def test_a_query_calls_a_method_of_an_entity() -> None:
    low = select(a for a in Author if a not in Author.select(lambda each: each.score > 1))
    assert [author.name for author in low] == ["ada"]
