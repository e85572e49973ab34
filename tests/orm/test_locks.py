"""Which rows ``for_update()`` locks: those that a query gives, each once."""

from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any

import pytest
from pony.orm import (
    Database,
    Optional,
    PrimaryKey,
    Required,
    Set,
    count,
    db_session,
    left_join,
    raw_sql,
    select,
)

from berceau.errors import DatabaseError
from berceau.orm.database import GlobalDatabase
from berceau.orm.session import unit_of_work
from berceau.postgres.core.fetch import fetch
from tests.waiting import wait_until

database = GlobalDatabase()


class Customer(database.Entity):
    id = PrimaryKey(int)
    name = Required(str)
    orders = Set("Order")
    boss = Optional("Customer", reverse="team")
    team = Set("Customer", reverse="boss")


class Company(Customer):
    pass


class Order(database.Entity):
    id = PrimaryKey(int)
    total = Required(int)
    customer = Required(Customer)
    tags = Set("Tag")


class Tag(database.Entity):
    name = PrimaryKey(str)
    orders = Set(Order)


ROWS = """
INSERT INTO customer (id, name, boss, classtype) VALUES
    (1, 'a', NULL, 'Customer'), (2, 'b', 1, 'Customer'), (3, 'c', 1, 'Company');
INSERT INTO "order" (id, total, customer) VALUES (11, 5, 1), (12, 7, 1), (13, 9, 2);
INSERT INTO tag (name) VALUES ('red'), ('new');
INSERT INTO order_tag ("order", tag) VALUES (11, 'red'), (11, 'new'), (12, 'new');
"""


@pytest.fixture(scope="module", autouse=True)
def tables(make_tables: Callable[[Database], None]) -> None:
    make_tables(database)


@pytest.fixture(autouse=True)
def execute(connection: Any) -> Iterator[Callable[[str], None]]:
    def execute(sql: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql)

    execute('TRUNCATE customer, "order", tag, order_tag')
    execute(ROWS)
    return execute


def locked(connection: Any) -> set[Any]:
    """Return the keys of all rows that others have locked."""
    found: set[Any] = set()
    with connection.cursor() as cursor:
        for table, key in (("customer", "id"), ('"order"', "id"), ("tag", "name")):
            cursor.execute(f"SELECT {key} FROM {table}")
            everything = {row[0] for row in cursor}
            cursor.execute(f"SELECT {key} FROM {table} FOR UPDATE SKIP LOCKED")
            found |= everything - {row[0] for row in cursor}
    return found


QUERIES = {
    "one table": (lambda: Order.select(lambda o: o.total > 5), [12, 13]),
    "a join": (lambda: Order.select(lambda o: o.customer.name == "a"), [11, 12]),
    "a join that orders": (
        lambda: Order.select().order_by(lambda o: (o.customer.name, -o.id)),
        [12, 11, 13],
    ),
    "the table with itself": (lambda: Customer.select(lambda c: c.boss.name == "a"), [2, 3]),
    "a subclass": (lambda: Company.select(lambda c: c.boss.name == "a"), [3]),
    "several for": (
        lambda: select(o for o in Order for c in Customer if o.customer == c and c.id < 3),
        [11, 12, 13],
    ),
    "several rows joined": (
        lambda: select(c for c in Customer for o in c.orders if o.total > 4 and c.name < "c"),
        [1, 2],
    ),
    "several rows joined, and an order": (
        lambda: select(c for c in Customer for o in c.orders).order_by(lambda c: -c.id),
        [2, 1],
    ),
    "what another leads to": (lambda: select(o.customer for o in Order if o.total < 8), [1]),
    "many to many": (lambda: select(o for t in Tag for o in t.orders), [11, 12]),
    "through a link table": (lambda: select(o for o in Order for t in o.tags), [11, 12]),
    "SQL of the developer": (
        lambda: select(c for c in Customer for o in c.orders if raw_sql('"o"."total" % 2 = 1')),
        [1, 2],
    ),
    "a left join": (
        lambda: left_join(c for c in Customer for o in c.orders).without_distinct(),
        [1, 1, 2, 3],
    ),
    "a subquery": (
        lambda: select(c for c in Customer if c.id in select(o.customer.id for o in Order)),
        [1, 2],
    ),
}


@pytest.mark.parametrize(("query", "keys"), QUERIES.values(), ids=QUERIES)
def test_the_rows_that_a_query_gives_are_locked(
    query: Callable[[], Any], keys: list[int], connection: Any
) -> None:
    with unit_of_work():
        found = [each.id for each in query().for_update()]
        assert sorted(found) == sorted(keys)
        assert locked(connection) == set(keys)
    assert locked(connection) == set()


@pytest.mark.parametrize("name", ["a join that orders", "several rows joined, and an order"])
def test_the_order_stays(name: str) -> None:
    query, keys = QUERIES[name]
    with unit_of_work():
        assert [each.id for each in query().for_update()] == keys


def test_a_limit_counts_rows_once(connection: Any) -> None:
    with unit_of_work():
        query = select(c for c in Customer for o in c.orders).order_by(Customer.id).for_update()
        assert [each.id for each in query.limit(2)] == [1, 2]
        assert [each.id for each in query.limit(1, offset=1)] == [2]
        assert locked(connection) == {1, 2}


def test_values_lock_the_rows_of_all_tables(connection: Any) -> None:
    with unit_of_work():
        assert len(select((o, o.customer.name) for o in Order if o.id == 11).for_update()[:]) == 1
        assert locked(connection) == {1, 11}


def test_a_query_that_waits_or_not(connection: Any) -> None:
    with unit_of_work():
        assert Customer.get_for_update(id=1)
        with connection.cursor() as cursor:
            cursor.execute("BEGIN; SELECT FROM customer WHERE id = 2 FOR UPDATE")
        query = select(c for c in Customer for o in c.orders)
        assert [c.id for c in query.for_update(skip_locked=True)] == [1]
        with connection.cursor() as cursor:
            cursor.execute("ROLLBACK")


def test_a_count_locks_nothing(connection: Any) -> None:
    with unit_of_work():
        assert Order.select(lambda o: o.customer.name == "a").for_update().count() == 2
        assert locked(connection) == set()


def test_a_row_that_changed_while_it_was_waited_for_is_looked_at_again(connection: Any) -> None:
    found: list[list[int]] = []
    blocked = "SELECT FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))"

    def wait() -> None:
        with db_session:
            query = select(c for c in Customer for o in c.orders if c.name == "a")
            found.append([c.id for c in query.for_update()])

    with connection.cursor() as cursor:
        cursor.execute("BEGIN; UPDATE customer SET name = 'z' WHERE id = 1")
        thread = Thread(target=wait)
        thread.start()
        wait_until(lambda: fetch(connection, blocked))
        cursor.execute("COMMIT")
    thread.join()
    assert found == [[]]


REFUSED = {
    "groups rows": lambda: select(c for c in Customer if count(c.orders) > 1),
    "gives values": lambda: select(o.customer.name for o in Order),
    "ordered by a row that is joined": lambda: select(
        c for c in Customer for o in c.orders
    ).order_by(raw_sql('"o"."total"')),
    "left join repeats": lambda: left_join(c for c in Customer for o in c.orders),
    "left join may have none": lambda: left_join(o for c in Customer for o in c.orders),
}


@pytest.mark.parametrize(("says", "query"), REFUSED.items(), ids=REFUSED)
def test_what_cannot_be_locked_is_refused(says: str, query: Callable[[], Any]) -> None:
    with pytest.raises(DatabaseError, match=says) as caught, unit_of_work():
        list(query().for_update())
    assert ".for_update()" in str(caught.value.cure)
