"""Procrastinate's tables in a schema of their own, which the global ``Database`` is sent to."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import pytest
from procrastinate.schema import SchemaManager

from berceau.jobs import jobs
from berceau.orm import db, unit_of_work
from berceau.orm.isolation import queries_to
from berceau.postgres.inspect.scratch import scratch
from berceau.postgres.pooling.pool import ConnectionPool
from berceau.settings import Limits
from berceau.workflows.shared.databases import Databases


@pytest.fixture(scope="module")
def source(server: Databases, berceau_worker: Any) -> Iterator[ConnectionPool]:  # noqa: ARG001 (it maps the entities)
    """Connections to the schema with the tables, and one called ``note``."""
    with scratch(server.migration_url) as connection, connection.cursor() as cursor:
        cursor.execute(SchemaManager.get_schema())
        cursor.execute("CREATE TABLE note (text text)")
        cursor.execute("SELECT current_schema()")
        source = ConnectionPool(server.migration_url.with_schema(*cursor.fetchone()), Limits())
        yield source
        source.close()


@pytest.fixture(autouse=True)
def tables(source: ConnectionPool) -> Iterator[None]:
    """The tables, without rows."""
    with queries_to(source):
        with unit_of_work():
            db.execute("TRUNCATE procrastinate_jobs, procrastinate_workers, note CASCADE")
        yield


@pytest.fixture
def rows() -> Callable[[str], list[Any]]:
    """Return a function that gives what a query finds."""

    def rows(query: str) -> list[Any]:
        with unit_of_work():
            return list(db.select(query))

    return rows


@pytest.fixture
def run() -> Callable[..., None]:
    """Return a function that runs the jobs that wait, as a worker that ends with the last one."""

    def run(**options: Any) -> None:
        options = {
            "wait": False,
            "listen_notify": False,
            "install_signal_handlers": False,
        } | options
        run_apart(jobs.run_worker_async(**options))

    return run


def run_apart(work: Coroutine[Any, Any, None]) -> None:
    """Run ``work`` in a thread of its own: after tests in a browser, this one has a loop."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(copy_context().run, asyncio.run, work).result()
