"""The table of seeds that ran."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import fetch_value
from berceau.postgres.runner import seeds

AT_ONCE = 6


def test_many_at_once_make_one_table(running, connection) -> None:
    url = running.owner_url.with_schema(fetch_value(connection, "SELECT current_schema()"))
    together = Barrier(AT_ONCE)

    def ensure(_number: int) -> None:
        with connect(url) as own:
            together.wait()
            seeds.ensure(own, running.runtime_url.user)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(ensure, range(AT_ONCE)))
    assert seeds.read(connection) == {}
