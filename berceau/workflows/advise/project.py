"""All advice on a project: its statistics and queries are found, and what is found in them."""

from dataclasses import dataclass
from pathlib import Path

from berceau.planner.statistics import Statistics
from berceau.settings import Settings
from berceau.workflows.advise.applying import relative
from berceau.workflows.advise.clone import find_file, read_file
from berceau.workflows.advise.findings import Report, find
from berceau.workflows.advise.sources import Source, find_source


@dataclass(frozen=True)
class Answer:
    """A ``report`` on the queries of ``source``, planned by the ``statistics`` in ``file``.

    ``planned_by`` says so in words.
    """

    report: Report
    source: Source
    statistics: Statistics
    file: Path
    planned_by: str


def advise_project(settings: Settings, queries: str = "", statistics: str = "") -> Answer:
    """Return the advice on the ``queries`` by the ``statistics``: what the command's options name.

    It takes seconds. Raises ``BerceauError``.
    """
    file = find_file(settings, statistics)
    known = read_file(file)
    planned_by = relative(file, settings.root)
    if known.database:
        planned_by += f", of the database {known.database}"
    source = find_source(settings, known, planned_by, queries)
    return Answer(find(settings, known, source), source, known, file, planned_by)
