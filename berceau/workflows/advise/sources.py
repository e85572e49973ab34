"""Where the queries are from that advice is for: production, the test run, or the development."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from berceau.errors import Location, MigrationFileError, StatisticsError
from berceau.migration.splitter import split
from berceau.planner.recorded import FILE, from_text
from berceau.planner.shapes import has_unknown_path, is_plannable, without_paths
from berceau.planner.statistics import QueryStatistics, Statistics
from berceau.postgres.core.connection import connect
from berceau.postgres.statistics.tracked_queries import read_queries
from berceau.settings import Settings
from berceau.workflows.shared.databases import resolve_databases

STATISTICS, TESTS, DEVELOPMENT = "statistics", "tests", "development"
NO_QUERIES = (
    "The file of statistics has no queries, and none of the tests are recorded, so no index is "
    "advised for queries. Load pg_stat_statements in the database, and save the statistics again "
    "after a while; or run `invoke test`, which records queries."
)
_LIMIT = re.compile(r"\b(LIMIT|OFFSET) (?:\d+|\$\d+)", re.IGNORECASE)
_FIELD = re.compile(r"\b(extract ?\( ?)\w+(?= FROM\b)", re.IGNORECASE)
_PARAMETER = re.compile(r"\$\d+")


@dataclass(frozen=True)
class Source:
    """Queries, and a ``title`` for where they are from, as in ``queries of TITLE``.

    ``timed`` is whether their seconds are those of production; a developer's tell nothing.
    """

    title: str
    queries: tuple[QueryStatistics, ...]
    timed: bool = False
    notes: tuple[str, ...] = ()


def find_source(settings: Settings, statistics: Statistics, title: str, wanted: str) -> Source:
    """Return the queries ``wanted``: one of the three words, or the name of a file.

    An empty text means those of the ``statistics``, which are called ``title``, or of the test run
    where these have none. Raises ``BerceauError``.
    """
    recorded = settings.state / FILE
    if wanted == DEVELOPMENT:
        return _with_lines(_development(settings), recorded)
    if wanted == TESTS or (not wanted and not statistics.queries and recorded.is_file()):
        return _of_tests(settings, recorded)
    if wanted not in ("", STATISTICS):
        return _of_file(settings.root / wanted)
    since = f", counted since {statistics.since}" if statistics.since else ""
    notes = () if statistics.queries else (NO_QUERIES,)
    source = Source(f"{title}{since}", statistics.queries, timed=True, notes=notes)
    return _with_lines(source, recorded)


def _of_tests(settings: Settings, file: Path) -> Source:
    if not file.is_file():
        raise StatisticsError(
            "No queries of tests are recorded.",
            cure="Run `invoke test`, which records them.",
        )
    shown = file.relative_to(settings.root) if file.is_relative_to(settings.root) else file
    # What only a test asks, no user waits for.
    queries = tuple(each for each in _recorded(file) if each.lines)
    return Source(f"the test run ({shown})", queries)


def _recorded(file: Path) -> tuple[QueryStatistics, ...]:
    try:
        found = from_text(_read(file))
    except StatisticsError as error:
        raise error.at(Location(file=file)) from error
    return tuple(
        QueryStatistics(each.text, each.calls, each.seconds, each.rows, each.lines)
        for each in found
    )


def _development(settings: Settings) -> Source:
    databases = resolve_databases(settings)
    url = databases.given_migration_url
    with connect(url, autocommit=True) as connection:
        queries, notes = read_queries(connection)
    if not queries:
        raise StatisticsError(
            " ".join(notes) or f"No queries were counted in the database {url.database!r} yet.",
            cure=f"{'Then use' if notes else 'Use'} the application, and run the command again.",
        )
    title = f"the database {url.database} of {url.hosts[0][0]}"
    return Source("the embedded database" if databases.embedded else title, queries, notes=notes)


def _of_file(file: Path) -> Source:
    """Return the queries in ``file``: SQL, or what a test run recorded."""
    if file.suffix == ".json":
        return Source(file.name, _recorded(file))
    try:
        statements = split(_read(file))
    except MigrationFileError as error:
        raise error.at(replace(error.where or Location(), file=file)) from error
    queries = tuple(
        QueryStatistics(each.text, 1, 0.0, 1, (f"{file.name}:{each.line}",))
        for each in statements
        if is_plannable(each.text)
    )
    if not queries:
        raise StatisticsError(
            "No queries are in it.",
            where=Location(file=file),
            cure=f"Name a file of SQL, or one of {STATISTICS}, {TESTS} and {DEVELOPMENT}.",
        )
    return Source(file.name, queries)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StatisticsError(
            f"The queries can't be read: {error}.",
            where=Location(file=file),
            cure=f"Name a file of SQL, or one of {STATISTICS}, {TESTS} and {DEVELOPMENT}.",
        ) from error


def _with_lines(source: Source, recorded: Path) -> Source:
    """Return ``source`` with the lines that sent the same queries in the test run, if it was.

    PostgreSQL takes a path in JSON for a value. Where the test run knows one only, it is that.
    """
    if not recorded.is_file():
        return source
    same: dict[str, list[QueryStatistics]] = {}
    for each in _recorded(recorded):
        same.setdefault(_key(each.text), []).append(each)
    return replace(
        source,
        queries=tuple(_known(each, same.get(_key(each.text), ())) for each in source.queries),
    )


def _known(query: QueryStatistics, recorded: Sequence[QueryStatistics]) -> QueryStatistics:
    """Return ``query`` with what is known of it from those ``recorded``, which are the same."""
    lines = tuple(dict.fromkeys(line for each in recorded for line in each.lines))
    one = has_unknown_path(query.text) and len(recorded) == 1
    return replace(query, lines=lines, text=recorded[0].text if one else query.text)


def _key(text: str) -> str:
    """Return what a query has in common with the same one, counted by PostgreSQL.

    That takes the number of a LIMIT for a value, too, the field of an EXTRACT, and a path in JSON.
    """
    plain = _FIELD.sub(r"\1$0", _LIMIT.sub(r"\1 $0", without_paths(text)))
    return _PARAMETER.sub("$", plain).lower()
