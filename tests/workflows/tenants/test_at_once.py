"""Two commands at once: what one has seen may be over when it goes on."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from psycopg2 import sql

from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.core.fetch import execute, fetch
from berceau.postgres.inspect.schemas import drop_schema
from berceau.postgres.tenants import ledgers, registry
from berceau.workflows.deploy.deploy import deploy
from berceau.workflows.tenants import histories
from berceau.workflows.tenants.deploying import deploy_all
from berceau.workflows.tenants.drop import drop
from tests.waiting import wait_until
from tests.workflows.tenants.conftest import Shop

WAITING = "SELECT FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid))"


def test_what_another_deploy_does_while_this_one_looks(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.write(1, "CREATE TABLE note (id integer);")
    shop.add("a", "b", "c")
    a, b, c = shop.tenants()
    # The ledger of a is of an older form: it is read by itself, after a look at all.
    shop.run(a, "ALTER TABLE berceau_migration DROP COLUMN batches")
    name = shop.write(2, "CREATE TABLE more ();")
    url, say = shop.databases.migration_url, ledgers.said

    def said(connection: Connection, schemas: Sequence[str]) -> dict[str, str]:
        found = say(connection, schemas)
        assert found.keys() == {b.schema, c.schema}
        deploy(url.of_tenant(b.schema), histories.read(shop.settings).tenant)
        registry.set_version(connection, ["b"], name)
        return found

    monkeypatch.setattr(ledgers, "said", said)
    assert deploy_all(shop.settings).tenants == {"a": [name], "c": [name]}
    assert {each.version for each in shop.tenants()} == {name}
    assert shop.run(c, "SELECT FROM more") == []


def test_a_tenant_that_is_dropped_while_the_ledgers_are_read(shop: Shop) -> None:
    shop.write(1, "CREATE TABLE note (id integer);")
    shop.add("a", "b", "c")
    schemas = [each.schema for each in shop.tenants()]
    name = shop.write(2, "CREATE TABLE more ();")
    url = shop.databases.migration_url
    with (
        ThreadPoolExecutor(2) as threads,
        connect(url, autocommit=True) as other,
        connect(url, autocommit=True) as reading,
        connect(url) as dropping,
    ):
        drop = sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schemas[1]))
        execute(dropping, drop)
        said = threads.submit(ledgers.said, reading, schemas)
        deployed = threads.submit(deploy_all, shop.settings)
        _await(other, dropping, said)
        _await(other, dropping, deployed, 2)
        dropping.commit()
        assert said.result().keys() == {schemas[0], schemas[2]}
        assert deployed.result().tenants == {"a": [name], "c": [name]}


def test_a_tenant_that_is_dropped_before_its_turn(shop: Shop) -> None:
    shop.write(1, "CREATE TABLE note (id integer);")
    shop.add("a", "b", "c", "d")
    schema = shop.tenants()[2].schema
    name = shop.write(2, "CREATE TABLE more ();")

    def meanwhile(line: str) -> None:
        if line == f"tenant a: applying {name}":
            drop(shop.settings, "b")
            with connect(shop.databases.migration_url, autocommit=True) as connection:
                drop_schema(connection, schema)  # by hand

    done = deploy_all(shop.settings, meanwhile)
    assert done.tenants == {"a": [name], "d": [name]}
    assert [(each.name, each.state) for each in done.skipped] == [("c", "missing")]


def _await(connection: Connection, first: Connection, waiting: Future[Any], count: int = 1) -> None:
    """Wait until a ``count`` of sessions is ``waiting`` for a lock of the ``first`` connection."""

    def is_waiting() -> bool:
        assert not waiting.done()
        return len(fetch(connection, WAITING, (first.info.backend_pid,))) >= count

    wait_until(is_waiting)
