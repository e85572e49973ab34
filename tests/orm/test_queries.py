"""Queries that plain Pony translates wrongly, or not at all."""

from decimal import Decimal

import pytest
from pony.orm import (
    FloatArray,
    Json,
    LongStr,
    Optional,
    Required,
    Set,
    desc,
    flush,
    raw_sql,
    select,
)
from pony.orm.core import Query

from berceau.orm.database import GlobalDatabase

database = GlobalDatabase()


class Author(database.Entity):
    name = Required(str)
    score = Optional(int)
    ready = Required(bool, default=True)
    price = Optional(Decimal, 10, 2)
    data = Optional(Json)
    about = Optional(LongStr)
    weights = Optional(FloatArray)
    tasks = Set("Task")


class Task(database.Entity):
    title = Required(str)
    author = Required(Author)


DOCUMENT = {
    "n": 1,
    "big": 2**40,
    "f": 1.5,
    "s": "x",
    "yes": True,
    "list": [1, 2.5, "x"],
    "map": {"k": 1},
}
OTHER = {"n": "text", "big": "no", "f": "y", "s": 5, "yes": "yes", "list": "str", "map": []}


@pytest.fixture(scope="module", autouse=True)
def tables(make_tables) -> None:
    make_tables(database)


@pytest.fixture(autouse=True)
def rows(session) -> None:  # noqa: ARG001 (they are undone)
    ada = Author(name="ada", score=1, price="1.50", data=DOCUMENT, weights=[0.5, 1.5])
    bob = Author(name="bob", score=2, ready=False, price="2", data=OTHER, weights=[2.5])
    for title, author in (("x", ada), ("y", ada), ("z", bob), ("a", bob)):
        Task(title=title, author=author)


def test_a_query_calls_a_method_of_an_entity() -> None:
    low = select(a for a in Author if a not in Author.select(lambda each: each.score > 1))
    assert [author.name for author in low] == ["ada"]


def authors() -> Query:
    return select(a for a in Author for t in a.tasks)


ORDERS = {
    "by number": (lambda q: q.order_by(1), ["ada", "bob"]),
    "by number, downwards": (lambda q: q.order_by(-1), ["bob", "ada"]),
    "by attribute": (lambda q: q.order_by(Author.name), ["ada", "bob"]),
    "by attribute, downwards": (lambda q: q.order_by(desc(Author.name)), ["bob", "ada"]),
    "by a lazy attribute": (lambda q: q.order_by(Author.about, Author.name), ["ada", "bob"]),
    "by lambda": (lambda q: q.order_by(lambda a: a.name), ["ada", "bob"]),
    "by expression": (lambda q: q.order_by(lambda a: -a.score), ["bob", "ada"]),
    "by a boolean": (lambda q: q.order_by(lambda a: (a.ready, a.name)), ["bob", "ada"]),
    "by the join": (lambda q: q.order_by(lambda: t.title), ["bob", "ada"]),  # noqa: F821
    "by the join, downwards": (lambda q: q.order_by(lambda: desc(t.title)), ["bob", "ada"]),  # noqa: F821
    "by several": (lambda q: q.order_by(lambda: (a.ready, t.title)), ["bob", "ada"]),  # noqa: F821
    "sorted": (lambda q: q.sort_by(1), ["ada", "bob"]),
    "sorted by lambda": (lambda q: q.sort_by(lambda a: a.score), ["ada", "bob"]),
    "twice": (lambda q: q.order_by(Author.name).order_by(lambda a: a.ready), ["bob", "ada"]),
    "a part": (lambda q: q.order_by(Author.name)[:2], ["ada", "bob"]),
    "a page": (lambda q: q.order_by(Author.name).page(2, 1), ["bob"]),
    "filtered": (lambda q: q.order_by(1).filter(lambda a: a.score > 0), ["ada", "bob"]),
}


@pytest.mark.parametrize(("ordered", "expected"), ORDERS.values(), ids=ORDERS)
def test_an_order_gives_no_object_twice(ordered, expected) -> None:
    assert [author.name for author in ordered(authors())] == expected


def test_an_order_gives_no_value_twice() -> None:
    names = select(a.name for a in Author for t in a.tasks)
    assert names.order_by(-1)[:] == ["bob", "ada"]
    assert names.order_by(lambda: t.title)[:] == ["bob", "ada"]  # noqa: F821
    pairs = select((a.name, a.score) for a in Author for t in a.tasks)
    assert pairs.order_by(lambda: desc(a.score))[:] == [("bob", 2), ("ada", 1)]  # noqa: F821


def test_first_and_count_agree_with_an_order() -> None:
    ordered = authors().order_by(Author.name)
    assert ordered.count() == len(ordered[:]) == 2
    assert ordered.first().name == "ada"
    assert len(authors().random(5)) == 2


def test_rows_that_are_wanted_twice_come_twice() -> None:
    assert len(authors().without_distinct().order_by(1)[:]) == 4


def test_an_entity_with_a_t_has_its_own_alias() -> None:
    sql = Task.select().get_sql()
    assert '"task" "t"' in sql
    assert "DISTINCT" not in sql
    assert len(Task.select().for_update()[:]) == 4
    found = Task.select(lambda t: raw_sql("t.title = 'x'"))  # noqa: ARG005 (SQL uses it)
    assert [task.title for task in found] == ["x"]


def test_a_loop_variable_of_any_name_needs_no_distinct() -> None:
    queries = [
        select(t for t in Task),
        select(T for T in Task),
        select(a_name_longer_than_any_alias_is for a_name_longer_than_any_alias_is in Task),
        select(t for t in Task if t.author.name == "ada"),
    ]
    for query in queries:
        assert "DISTINCT" not in query.get_sql()
        assert len(query.for_update()[:]) in (2, 4)


def test_tables_that_pony_names_t_are_told_from_one_that_is() -> None:
    assert select(t.author.name for t in Task).count() == 2
    busy = select(t for t in Task if t.title in select(t.title for t in Task if t.author.score > 1))
    assert {task.title for task in busy} == {"z", "a"}


ONE, BIG, HALF, DECIMAL = 1, 2**40, [0.5], Decimal(2)
NUMBERS, TEXTS, KEY = [1, 7], ["x", "y"], "n"
FIND_ADA = {
    "% in SQL": lambda a: raw_sql("a.name LIKE 'ad%'"),  # noqa: ARG005
    "% in SQL, doubled": lambda a: raw_sql("a.name LIKE 'ad%%'"),  # noqa: ARG005
    "% in SQL, with a parameter": lambda a: raw_sql("a.name LIKE 'ad%' AND a.score = $ONE"),  # noqa: ARG005
    "% as an operator": lambda a: raw_sql("a.score % 2 = 1"),  # noqa: ARG005
    "% of a text": lambda a: "a%" not in a.name and a.name == "ada",
    "Decimal of a number": lambda a: a.price < Decimal(2),
    "Decimal of a text": lambda a: a.price < Decimal("1.75"),
    "Decimal in a sum": lambda a: a.price + Decimal(1) == Decimal("2.5"),
    "Decimal from outside": lambda a: a.price < DECIMAL,
    "a number of a document": lambda a: a.data["n"] == 1,
    "a number from outside": lambda a: a.data["n"] == ONE,
    "a number that is larger": lambda a: a.data["n"] > 0,
    "a number beyond int4": lambda a: a.data["big"] == BIG,
    "a number beyond int4, compared": lambda a: a.data["big"] > 5,
    "a fraction": lambda a: a.data["f"] == 1.5,
    "a fraction, compared with an integer": lambda a: a.data["f"] > 1,
    "a number, compared with an attribute": lambda a: a.data["n"] == a.score,
    "a number by key": lambda a: a.data[KEY] == 1,
    "a boolean": lambda a: a.data["yes"] == True,  # noqa: E712
    "a text": lambda a: a.data["s"] == "x",
    "a number in a tuple": lambda a: a.data["n"] in (1, 7),
    "a number in a list": lambda a: a.data["n"] in NUMBERS,
    "a text in a tuple": lambda a: a.data["s"] in ("x", "y"),
    "a text in a list": lambda a: a.data["s"] in TEXTS,
    "no number of a tuple": lambda a: a.data["n"] not in (7, 8) and a.name == "ada",
    "a key in a document": lambda a: "k" in a.data["map"],
    "a text in a document's list": lambda a: "x" in a.data["list"],
    "a number in a document's list": lambda a: 1 in a.data["list"],
    "a fraction in a document's list": lambda a: 2.5 in a.data["list"],
    "a number from outside in a document's list": lambda a: ONE in a.data["list"],
    "no number in a document's list": lambda a: 9 not in a.data["list"] and a.name == "ada",
    "a list of floats": lambda a: [0.5] in a.weights,
    "a list of floats from outside": lambda a: HALF in a.weights,
    "a float": lambda a: 0.5 in a.weights,
}


@pytest.mark.parametrize("condition", FIND_ADA.values(), ids=FIND_ADA)
def test_a_condition_that_plain_pony_stumbles_over(condition) -> None:
    assert [author.name for author in Author.select(condition)] == ["ada"]


def test_arrays_of_floats_are_keywords_and_values() -> None:
    for weights in ([0.5, 1.5], [1.5, float("inf")], [1, -2], []):
        Author.get(name="ada").weights = weights
        flush()
        assert Author.get(name="ada", weights=weights).weights == weights
        assert Author.select(weights=weights).count() == 1


def test_other_kinds_of_values_in_documents_are_null() -> None:
    assert select(sum(a.data["n"]) for a in Author).first() == 1
    assert set(select(int(a.data["big"]) for a in Author if a.name == "ada")) == {BIG}
    assert set(select(int(a.data["s"]) for a in Author if a.name == "bob")) == {5}
