"""The report of a failed test: its queries, and where its rows are kept."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Protocol

import pytest

from berceau.errors import BerceauError
from berceau.postgres.pooling.queries import Query, Recorder
from berceau.testing.worker import Worker


class Report:
    """What ``--show-sql`` and ``--keep-schema`` add to the reports of tests."""

    def __init__(self, config: pytest.Config, worker: Worker) -> None:
        self._worker = worker
        self._keeps = bool(config.getoption("--keep-schema"))
        self._records = bool(config.getoption("--show-sql"))
        self._prints = self._records and config.getoption("capture") == "no"
        self._recording = ExitStack()
        self._queries: list[Query] = []
        self._begin()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Add to the report of a test that failed; with ``-s``, print at once."""
        report = yield
        fails = report.failed and report.when != "teardown"
        if fails and self._queries and not self._prints:
            report.sections.append(("SQL", listing(self._queries)))
        if report.failed and report.when == "call" and self._keeps and "db" in _fixtures(item):
            self._keeps = False
            report.sections.append(("Rows", self._keep()))
        if report.when == "teardown":
            if self._prints and self._queries:
                print(f"\n{item.nodeid}\n{listing(self._queries)}")
            self._begin()
        return report

    def _keep(self) -> str:
        try:
            option = self._worker.keep()
        except BerceauError as error:
            return str(error)
        return (
            "The rows of this test are kept. This opens them with psql:\n"
            f"  invoke db.shell {option}\n"
            "and `invoke db.prune` drops them."
        )

    def _begin(self) -> None:
        if self._records:
            self._recording.close()
            self._queries = self._recording.enter_context(self._worker.recorder.record())


class AssertQueries(Protocol):
    """What the fixture ``assert_queries`` gives a test."""

    def __call__(self, expected: int, /) -> AbstractContextManager[list[Query]]:
        """Return a context manager that fails unless its body runs ``expected`` queries.

        ``as`` gives the list of them, which grows as they run.
        """
        ...


@contextmanager
def assert_queries(recorder: Recorder, expected: int) -> Iterator[list[Query]]:
    """Fail unless the body runs as many queries as ``expected``; yield them."""
    with recorder.record() as queries:
        yield queries
    if len(queries) != expected:
        ran = f"{len(queries)} {'query' if len(queries) == 1 else 'queries'} ran"
        pytest.fail(f"{ran} instead of {expected}:\n{listing(queries)}", pytrace=False)


def listing(queries: Sequence[Query]) -> str:
    """Return ``queries`` as numbered lines."""
    return "\n".join(f"{number:4} {query}" for number, query in enumerate(queries, 1))


def _fixtures(item: pytest.Item) -> Sequence[str]:
    return getattr(item, "fixturenames", ())
