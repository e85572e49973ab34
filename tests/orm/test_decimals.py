"""Decimals and floats in a query: they are compared as they are written, not computed with."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from pony.orm import Database, PrimaryKey, Required, between, coalesce, count, rollback, select

from berceau.orm.database import GlobalDatabase
from berceau.orm.session import unit_of_work

database = GlobalDatabase()
LIMIT = 1.1
TINY = 1e-7


class Item(database.Entity):
    id = PrimaryKey(int)
    price = Required(Decimal, 12, 8)
    ratio = Required(float)


@pytest.fixture(scope="module", autouse=True)
def tables(make_tables: Callable[[Database], None]) -> None:
    make_tables(database)


@pytest.fixture(autouse=True)
def rows(tables: None) -> Iterator[None]:  # noqa: ARG001
    with unit_of_work():
        for number, price, ratio in ((1, "1.1", 1.5), (2, "2.5", 2.5), (3, "0.0000001", 9)):
            Item(id=number, price=Decimal(price), ratio=ratio)
        yield
        rollback()


COMPARED = {
    "equal": (lambda: select(i.id for i in Item if i.price == 1.1), [1]),
    "different": (lambda: select(i.id for i in Item if i.price != 1.1), [2, 3]),
    "less": (lambda: select(i.id for i in Item if i.price < 1.1), [3]),
    "from the left": (lambda: select(i.id for i in Item if 1.1 <= i.price), [1, 2]),  # noqa: SIM300
    "a value from outside": (lambda: select(i.id for i in Item if i.price >= LIMIT), [1, 2]),
    "a small one": (lambda: select(i.id for i in Item if i.price == TINY), [3]),
    "a method": (lambda: Item.select(lambda i: i.price == LIMIT), [1]),
    "between": (lambda: select(i.id for i in Item if between(i.price, 1.0, 2.5)), [1, 2]),
    "one of several": (lambda: select(i.id for i in Item if i.price in (1.1, 2.5)), [1, 2]),
    "none of several": (lambda: select(i.id for i in Item if i.price not in (1.1, LIMIT)), [2, 3]),
    "an attribute": (lambda: select(i.id for i in Item if i.price == i.ratio), [2]),
    "an expression": (
        lambda: select(i.id for i in Item if float(i.price) * 2 > i.price),
        [1, 2, 3],
    ),
    "not a number": (lambda: select(i.id for i in Item if i.price < float("inf")), [1, 2, 3]),
    "an aggregate": (lambda: select(i.id for i in Item if count(i) > 0.5), [1, 2, 3]),
}


@pytest.mark.parametrize(("query", "found"), COMPARED.values(), ids=COMPARED)
def test_a_decimal_is_compared_with_a_float(query: Callable[[], Any], found: list[int]) -> None:
    assert sorted(getattr(each, "id", each) for each in query()) == found


COMPUTED = {
    "times": lambda: select(i.price * 1.1 for i in Item),
    "plus": lambda: select(i.price + LIMIT for i in Item),
    "a float first": lambda: select(LIMIT - i.price for i in Item),
    "by an attribute": lambda: select(i.price / i.ratio for i in Item),
    "the larger": lambda: select(max(i.price, 1.7) for i in Item),
    "coalesce": lambda: select(coalesce(i.price, 0.0) for i in Item),
    "either": lambda: select(i.price if i.id > 1 else 0.5 for i in Item),
}


@pytest.mark.parametrize("query", COMPUTED.values(), ids=COMPUTED)
def test_computing_with_both_is_refused(query: Callable[[], Any]) -> None:
    with pytest.raises(TypeError, match=r"a Decimal and a float.*Decimal\(\"1\.7\"\).*float\("):
        list(query())


def test_the_cures_work() -> None:
    assert select(i.price * Decimal("1.5") for i in Item if i.id == 2)[:] == [Decimal("3.75")]
    assert select(float(i.price) * 1.5 for i in Item if i.id == 2)[:] == [3.75]
