"""Conditions that Pony makes others of are found, so that what passes gives the right rows."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import product

import pony.orm
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pony.orm import Required, db_session

from berceau.orm.database import connect, map_entities
from berceau.orm.mapping import to_schema
from berceau.postgres.inspect.schemas import execute_statements
from berceau.postgres.inspect.scratch import scratch
from berceau.postgres.pooling.pool import ConnectionPool
from berceau.schema.diff import create
from berceau.schema.order import order
from berceau.schema.sql import to_statements
from berceau.settings import Limits
from berceau.workflows.shared.databases import Databases

NAMES = "abcd"
ROWS = list(product([False, True], repeat=len(NAMES)))
Rows = list[tuple[bool, ...]]
FORMS = ("select(f for f in Flags if {})", "Flags.select(lambda f: {})")


def combine(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = st.tuples(parts, parts)
    return (
        two.map("({0[0]} and {0[1]})".format)
        | two.map("({0[0]} or {0[1]})".format)
        | two.map("({0[0]} == {0[1]})".format)
        | parts.map("(not {0})".format)
        | st.tuples(parts, parts, parts).map("({0[0]} if {0[1]} else {0[2]})".format)
    )


CONDITIONS = st.recursive(st.sampled_from([f"f.{name}" for name in NAMES]), combine, max_leaves=7)


@pytest.fixture(scope="module")
def rows(server: Databases) -> Iterator[Callable[[str], Rows]]:
    """Return a function that gives the rows that a query finds among all there can be."""
    database = pony.orm.Database()

    class Flags(database.Entity):
        a = Required(bool)
        b = Required(bool)
        c = Required(bool)
        d = Required(bool)

    map_entities(database)

    def rows(query: str) -> Rows:
        names = {"select": pony.orm.select, "Flags": Flags}
        with db_session:
            found = eval(compile(query, f"<{query}>", "eval"), names)
            return sorted((each.a, each.b, each.c, each.d) for each in found)

    with scratch(server.migration_url) as connection:
        execute_statements(connection, to_statements(order(create(to_schema(database)))))
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_schema()")
            url = server.migration_url.with_schema(*cursor.fetchone())
        connect(ConnectionPool(url, Limits()), database)
        with db_session:
            for values in ROWS:
                Flags(**dict(zip(NAMES, values, strict=True)))
        yield rows
        database.disconnect()


def expected(condition: str) -> Rows:
    code = compile(condition.replace("f.", ""), "<expected>", "eval")
    return [row for row in ROWS if eval(code, dict(zip(NAMES, row, strict=True)))]


@settings(max_examples=200, deadline=None)
@given(CONDITIONS, st.sampled_from(FORMS))
def test_what_passes_finds_the_right_rows(rows, codes, condition, form) -> None:
    query = form.format(condition)
    assume(not codes(query))
    assert rows(query) == expected(condition)


@pytest.mark.parametrize(
    ("code", "condition"),
    [
        ("L610", "f.a == (f.b and f.c)"),
        ("L610", "(f.a and f.b) == f.c"),
        ("L603", "f.a or (f.b if not f.c else f.d)"),
        ("L610", "f.a == (f.b == f.c)"),
        ("L610", "(f.a == f.b) == f.c"),
    ],
)
def test_what_is_refused_fails_or_finds_other_rows(rows, codes, code, condition) -> None:
    query = f"select(f for f in Flags if {condition})"
    assert codes(query) == [code]
    with suppress(pony.orm.ProgrammingError):
        assert rows(query) != expected(condition)


def test_pony_is_quoted_where_it_misreads(messages) -> None:
    (message,) = messages("select(p for p in Post if p.ok or (p.n if not p.f else p.opt))")
    assert message.startswith("Pony reads this query as `(p for p in Post if")
