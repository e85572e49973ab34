"""Jobs behind PgBouncer in transaction mode, where a session is anybody's."""

from collections.abc import Callable, Iterator

import pytest

from berceau.jobs import jobs
from berceau.orm import db, unit_of_work
from berceau.orm.isolation import queries_to
from berceau.postgres.pooling.pool import ConnectionPool
from berceau.settings import Limits
from tests.pooler import needs_pgbouncer, pooler

pytestmark = needs_pgbouncer


@jobs.task(name="pooler.note")
def note(text: str) -> None:  # noqa: ARG001 - Pony finds $text
    """Write a row."""
    with unit_of_work():
        db.execute("INSERT INTO note VALUES ($text)")


@pytest.fixture(autouse=True)
def pooled(source: ConnectionPool, tables: None) -> Iterator[None]:  # noqa: ARG001 (they are emptied)
    """PgBouncer on the way to the tables."""
    with pooler(source.url) as running:
        pool = ConnectionPool(running.url, Limits())
        with queries_to(pool):
            yield
        pool.close()


def test_each_job_is_deferred_and_run(run: Callable[..., None], rows: Callable) -> None:
    with unit_of_work():
        note.batch_defer(*({"text": str(number)} for number in range(9)))
    run(concurrency=3)
    assert rows("text FROM note ORDER BY text") == [str(number) for number in range(9)]
