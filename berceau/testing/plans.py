"""Plans asserted in a test: by the committed statistics, whatever rows the test has."""

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import ExitStack
from typing import Any, Protocol

import pytest

from berceau.errors import BerceauError
from berceau.planner.expectations import Expectation, Relations
from berceau.planner.plan import Node
from berceau.postgres.pooling.queries import Recorder
from berceau.postgres.statistics.explaining import PlanReader
from berceau.postgres.statistics.planning import Made
from berceau.settings import Settings
from berceau.workflows.advise.clone import find_file, planning, read_file

Planned = str | Callable[[], Any] | Iterable[Any]


class AssertPlan(Protocol):
    """What the fixture ``assert_plan`` gives a test."""

    def __call__(
        self,
        query: Planned,
        /,
        *,
        uses: str | Collection[str] = (),
        no_seq_scan: bool | str | Collection[str] = False,
        max_cost: float | None = None,
        statistics: str | None = None,
    ) -> None:
        """Fail unless the plan of ``query`` is as expected.

        ``query`` is SQL, a query of entities, or a function, all of whose queries are planned. SQL
        with ``$1`` is planned for any values. ``uses`` names the indexes that have to be read;
        ``no_seq_scan`` the tables that may not be read whole, or all by ``True``. ``max_cost`` is
        in PostgreSQL's unit, of each query. ``statistics`` is the file to plan by, if there are
        several. Raises ``TypeError`` if ``query`` is something else, or if nothing is expected.
        """
        ...


class Plans:
    """Plans by the files of statistics of a project; a clone is open from its first use on."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._opened = ExitStack()
        self._clones: dict[str, tuple[PlanReader, Made]] = {}

    def file(self, given: str | None) -> str:
        """Return which file of statistics is meant, from the project's folder."""
        file = find_file(self._settings, given)
        root = self._settings.root
        return str(file.relative_to(root) if file.is_relative_to(root) else file)

    def plan(self, query: str, file: str) -> Node:
        """Return the plan of ``query`` by the statistics in ``file``. Raises ``BerceauError``."""
        return self._clone(file)[0].plan(query)

    def relations(self, file: str) -> Relations:
        """Return what there is to be read, by the statistics in ``file``."""
        return self._clone(file)[0].relations()

    def notes(self, file: str) -> list[str]:
        """Return lines on how the project's schema and the source of ``file`` differ."""
        notes = self._clone(file)[1].notes
        return [f"{file} is of another schema:", *(f"  {each}" for each in notes)] if notes else []

    def _clone(self, file: str) -> tuple[PlanReader, Made]:
        if file not in self._clones:
            statistics = read_file(self._settings.root / file)
            opened = planning(self._settings, statistics)
            self._clones[file] = self._opened.enter_context(opened)
        return self._clones[file]

    def close(self) -> None:
        """Close what is open."""
        self._opened.close()


def assert_plan(recorder: Recorder, plans: Plans) -> AssertPlan:
    """Return what the fixture gives a test, whose queries ``recorder`` is told."""

    def check(
        query: Planned,
        /,
        *,
        uses: str | Collection[str] = (),
        no_seq_scan: bool | str | Collection[str] = False,
        max_cost: float | None = None,
        statistics: str | None = None,
    ) -> None:
        expected = Expectation.of(uses, no_seq_scan, max_cost)
        texts = _texts(query, recorder)
        failure = _failure(texts, plans, expected, statistics)
        if failure:
            pytest.fail(failure, pytrace=False)

    return check


def _failure(
    texts: Sequence[str], plans: Plans, expected: Expectation, statistics: str | None
) -> str:
    """Return how the plans of ``texts`` fail what is expected, or why there are none."""
    try:
        file = plans.file(statistics)
        found = [plans.plan(text, file) for text in texts]
        failures = tuple(expected.failures(found, plans.relations(file)))
    except BerceauError as error:
        return str(error)
    if not failures:
        return ""
    notes = plans.notes(file)
    return "\n".join((*failures, *_shown(texts, found, file), *([""] if notes else ()), *notes))


def _texts(query: Planned, recorder: Recorder) -> Sequence[str]:
    """Return the SQL of ``query``: that which it sends when it runs, unless it is SQL."""
    if isinstance(query, str):
        return [query]
    # A class, such as an entity, would make an object when it is called.
    is_known = callable(query) or isinstance(query, Iterable)
    if isinstance(query, type | bytes) or not is_known:
        what = f"the class {query.__name__}" if isinstance(query, type) else repr(query)
        raise TypeError(f"assert_plan takes SQL, a query of entities or a function, not {what}.")
    with recorder.record() as queries:
        query() if callable(query) else list(query)
    if not queries:
        pytest.fail(
            "It ran no query: the unit of work knew the result already, or there is none to run.",
            pytrace=False,
        )
    return [each.text for each in queries]


def _shown(texts: Sequence[str], plans: Sequence[Node], file: str) -> list[str]:
    lines = []
    for text, plan in zip(texts, plans, strict=True):
        lines += ["", " ".join(text.split()), f"is planned so, by {file}:", str(plan)]
    return lines
