from collections.abc import Callable, Iterator

import pytest

from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute
from berceau.postgres.inspect.users_of_enums import users_of_enums

ENUM = r"""
CREATE TYPE "Odd state" AS ENUM ('it''s', 'a"b', 'x,y', 'back\slash', 'plain');
CREATE TABLE t (id int, s "Odd state");
"""


def named(connection: Connection) -> set[str]:
    return {label for each in users_of_enums(connection) for label in each.labels}


@pytest.fixture
def schemas(connection: Connection) -> Iterator[Callable[..., None]]:
    """A function that makes schemas of these names until the test ends, and uses the first."""
    made: list[str] = []

    def make(*names: str) -> None:
        for name in names:
            execute(connection, f"CREATE SCHEMA {name}")
            made.append(name)
        execute(connection, f"SET search_path = {names[0]}")

    yield make
    for name in made:
        execute(connection, f"DROP SCHEMA {name} CASCADE")


def test_labels_are_found_as_postgresql_prints_them(connection) -> None:
    execute(connection, ENUM)
    execute(connection, r"CREATE VIEW v AS SELECT FROM t WHERE s IN ('it''s', 'back\slash')")
    assert named(connection) == {"it's", "back\\slash"}


def test_labels_in_arrays_are_found_as_postgresql_prints_them(connection) -> None:
    execute(connection, ENUM)
    array = r"""'{"x,y","a\"b","back\\slash",it''s}'::"Odd state"[]"""
    execute(connection, f"ALTER TABLE t ADD CHECK (s <> ALL ({array}))")
    assert named(connection) == {"x,y", 'a"b', "back\\slash", "it's"}


def test_a_schema_may_have_any_name(connection, schemas) -> None:
    schemas("\"Odd 's'\"")
    execute(connection, ENUM)
    execute(connection, 'CREATE DOMAIN d AS "Odd state"')
    (user,) = users_of_enums(connection)
    assert user.name == "type d"


def test_what_is_in_another_schema_is_told_by_its_whole_name(connection, schemas) -> None:
    schemas("a", "data")
    execute(connection, ENUM)
    execute(connection, 'CREATE DOMAIN data.d AS "Odd state"')
    (user,) = users_of_enums(connection)
    assert user.name == "type data.d"
