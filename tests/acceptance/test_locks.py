"""Each statement takes the lock that it says: looked up while its transaction is open."""

from collections.abc import Callable, Iterator

import pytest

from berceau.postgres.core.connection import transaction
from berceau.postgres.inspect import catalog
from berceau.postgres.inspect.schemas import execute_statements
from berceau.postgres.inspect.scratch import scratch
from berceau.schema.diff import create, diff
from berceau.schema.lowering import in_steps
from berceau.schema.order import order
from berceau.schema.sql import Lock, Statement, Transaction, to_statements

POST = "class Post(db.Entity):\n    n = Optional(int)\n"
TAG = "class Tag(db.Entity):\n    posts = Set('Post')\n"

CASES = {
    "a table": (POST, POST + "class Other(db.Entity):\n    m = Optional(int, index=True)\n"),
    "a column": (POST, POST + "    m = Required(int)\n    d = Required(date, sql_default='now()')"),
    "a required column": (POST, POST.replace("Optional", "Required")),
    "a unique": (POST, POST.replace("int", "int, unique=True")),
    "a default": (POST, POST.replace("int", "int, sql_default='7'")),
    "a type": (POST, POST.replace("int", "str")),
    "a wider type": (POST.replace("int", "str, 5"), POST.replace("int", "str, 9")),
    "a relation": (
        POST + TAG.replace("posts = Set('Post')", "a = Optional(int)"),
        POST + "    tag = Optional('Tag')\n" + TAG,
    ),
    "a relation from a new table": (
        POST,
        POST + "    notes = Set('Note')\nclass Note(db.Entity):\n    post = Required(Post)\n",
    ),
    "numbers from the server": (
        POST + "    id = PrimaryKey(int)\n",
        POST + "    id = PrimaryKey(int, auto=True)\n",
    ),
    "another key": (POST, POST + "    id = PrimaryKey(str)\n"),
    "a subclass": (POST, POST + "class Note(Post):\n    pass\n"),
}

_HELD = """
SELECT l.mode FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
WHERE l.pid = pg_backend_pid() AND c.oid = ANY (%s)
"""
_TABLES = """
SELECT array_agg(oid) FROM pg_class
WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
"""
STRENGTH = ["none", "ACCESS SHARE", "ROW SHARE", *list(Lock)[2:]]


@pytest.fixture
def locks_taken(declare, server) -> Callable[..., Iterator[tuple[Statement, set[str]]]]:
    """Return a function that migrates entities, and gives each statement with its true lock."""

    def locks_taken(before, after) -> Iterator[tuple[Statement, set[str]]]:
        with scratch(server.migration_url) as connection, scratch(server.migration_url) as made:
            for each, entities in ((connection, before), (made, after)):
                execute_statements(each, to_statements(order(create(declare(entities)))))
            current, desired = catalog.read(connection), catalog.read(made)
            steps = in_steps(diff(current, desired), current, desired)
            with connection.cursor() as cursor:
                cursor.execute(_TABLES)
                (tables,) = cursor.fetchone()
                for statement in to_statements(order(steps)):
                    if statement.transaction is Transaction.NONE:
                        cursor.execute(statement.text)
                        continue
                    with transaction(connection):
                        cursor.execute(statement.text)
                        cursor.execute(_HELD, (tables,))
                        yield statement, {mode for (mode,) in cursor.fetchall()}

    return locks_taken


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES)
def test_a_statement_takes_the_lock_that_it_says(locks_taken, before, after) -> None:
    seen = list(locks_taken(before, after))
    assert seen
    for statement, modes in seen:
        names = {"".join(lock.title().split()) + "Lock": lock for lock in STRENGTH}
        held = max((STRENGTH.index(names[mode]) for mode in modes), default=0)
        assert statement.lock == STRENGTH[held], statement
