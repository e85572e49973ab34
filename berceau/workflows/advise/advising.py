"""Indexes that queries need, each tried in the clone."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from berceau.errors import PlanError
from berceau.planner.candidates import Candidate, Means, candidates
from berceau.planner.existing import is_covered, is_possible, replaced, shortened
from berceau.planner.explanation import hints, reasons
from berceau.planner.keysets import with_passed_rows
from berceau.planner.knowledge import Knowledge
from berceau.planner.shapes import with_fields
from berceau.planner.statistics import QueryStatistics, Statistics
from berceau.planner.unplanned import Unplanned, note
from berceau.planner.uses import has_unknown_filters
from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import fetch
from berceau.postgres.inspect import catalog
from berceau.postgres.inspect.extensions import schema_of_extension
from berceau.postgres.statistics.explaining import PlanReader
from berceau.schema.model import Schema
from berceau.schema.names import quote_name
from berceau.settings import Settings
from berceau.workflows.advise.choosing import Helped, Planned, choose
from berceau.workflows.advise.clone import planning, schema_of
from berceau.workflows.advise.sources import Source

TRIED = "berceau_try_"
MOST_PLANNED = 1000
MOST_TRIED = 100
"""So many queries, of those that cost most, get indexes tried."""
_LIMIT = re.compile(r"\bLIMIT \$\d+", re.IGNORECASE)
_LAST_LIMIT = re.compile(r"\bLIMIT (?:\d+|\$\d+)(?=(?:\s+OFFSET \S+)?\s*$)", re.IGNORECASE)
_ORDER = re.compile(r"\bORDER BY\b", re.IGNORECASE)
_FIELD = re.compile(r"\bextract\(", re.IGNORECASE)
_SIZES = "SELECT relname, pg_relation_size(oid) FROM pg_class WHERE relname = ANY (%s)"


@dataclass(frozen=True)
class Advice:
    """An index that helps, its size in bytes, and the queries, the most expensive first.

    ``replaced`` are the indexes that it leaves nothing to do for.
    """

    candidate: Candidate
    size: int
    helped: tuple[Helped, ...]
    replaced: tuple[str, ...] = ()

    @property
    def saved(self) -> float:
        """How many seconds it saves of all that were counted, or units of cost."""
        return sum(each.saved for each in self.helped)


@dataclass(frozen=True)
class Slow:
    """A query among those that cost most: its ``planned`` form, and ``reasons`` as phrases.

    ``share`` is its part of the time of all queries, or of their cost, from 0 to 1.
    """

    planned: Planned
    reasons: tuple[str, ...]
    share: float


@dataclass(frozen=True)
class Advised:
    """What was found: the ``schema`` of the clone, the advice, and remarks for a person.

    ``slow`` are the queries, the most expensive first, and so are those ``unplanned``. ``tried``
    are the candidates by the names that they have in plans.
    """

    schema: Schema
    advice: tuple[Advice, ...]
    slow: tuple[Slow, ...]
    unplanned: tuple[Unplanned, ...]
    notes: tuple[str, ...]
    tried: Mapping[str, Candidate] = field(default_factory=dict)


def advise(settings: Settings, statistics: Statistics, source: Source) -> Advised:
    """Return the indexes that would help the queries of ``source``. Raises ``BerceauError``."""
    known = Knowledge(statistics)
    with planning(settings, statistics) as (plans, made):
        with connect(made.admin_url.with_schema(schema_of(settings)), autocommit=True) as admin:
            schema = catalog.read(admin)
            means = _means(settings, statistics, schema_of_extension(admin, "pg_trgm"))
        all_planned, unplanned = _plan(plans, source)
    planned = all_planned[:MOST_TRIED]
    slow = tuple(_slow(planned, _total(all_planned, source), known, means))
    notes = (*made.notes, *source.notes, *([note(unplanned)] if unplanned else []))
    found = _candidates(planned, schema, known, means)
    names = {f"{TRIED}{number}": each for number, each in enumerate(found)}
    if not names:
        return Advised(schema, (), slow, unplanned, notes)
    sql = {name: f"CREATE INDEX {name} {each.sql}" for name, each in names.items()}
    with planning(settings, statistics, sql) as (plans, made):
        with connect(made.admin_url, autocommit=True) as admin:
            sizes = dict(fetch(admin, _SIZES, (list(names),)))
        chosen = choose(
            planned,
            {name: names[name] for name in sizes},
            sizes,
            lambda text, tried: with_passed_rows(plans.plan(text, tried)),
        )
    tables = {table.name: table for table in schema.tables}
    advice = (
        Advice(
            names[name],
            sizes[name],
            tuple(sorted(helped, key=lambda each: -each.saved)),
            replaced(names[name], tables[names[name].table]),
        )
        for name, helped in chosen.items()
    )
    best_first = tuple(sorted(advice, key=lambda each: -each.saved))
    return Advised(schema, best_first, slow, unplanned, notes, names)


def _means(settings: Settings, statistics: Statistics, extension: str | None) -> Means:
    """Return what an index may use; ``extension`` is the schema of pg_trgm, if it is there."""
    trigrams = None
    if extension is not None:
        # A migration finds what is in the schema of the project without naming that.
        own = extension == schema_of(settings)
        trigrams = "gin_trgm_ops" if own else f"{quote_name(extension)}.gin_trgm_ops"
    return Means(trigrams, bytewise=statistics.collation in ("C", "POSIX"))


def _plan(plans: PlanReader, source: Source) -> tuple[list[Planned], tuple[Unplanned, ...]]:
    """Plan the queries that cost most in all; return those that can't be, too.

    Both are sorted: the most expensive first. PostgreSQL takes it for granted that many rows fit
    what it knows nothing of, such as ``lower(email) = $1``, and that a LIMIT 2 finds two of them
    soon. So such a query is planned without its LIMIT, unless rows are sorted before that.
    """
    planned, unplanned = [], []
    spent = sum(each.seconds for each in source.queries)
    queries = sorted(source.queries, key=lambda each: -each.seconds)
    for query in queries[:MOST_PLANNED]:
        text = _limited(query)
        try:
            plan = with_passed_rows(plans.plan(text))
            if has_unknown_filters(plan) and not _ORDER.search(text):
                text = _LAST_LIMIT.sub("LIMIT ALL", text)
                plan = plans.plan(text)
        except PlanError as error:
            share = query.seconds / spent if source.timed and spent else None
            unplanned.append(Unplanned(query, error.reason, share))
            continue
        weight = query.seconds / plan.cost if source.timed and plan.cost else 1.0
        planned.append(Planned(query, text, plan, weight))
    planned.sort(key=lambda each: -each.weight * each.plan.cost)
    return planned, tuple(unplanned)


def _limited(query: QueryStatistics) -> str:
    """Return the text with its average number of rows as the LIMIT.

    The planner would take a tenth of all rows for a limit that it doesn't know.
    """
    rows = max(1, math.ceil(query.rows / max(query.calls, 1)))
    return _LIMIT.sub(f"LIMIT {rows}", with_fields(query.text))


def _total(planned: Iterable[Planned], source: Source) -> float:
    """Return the seconds of all queries, planned or not; what they cost, where none are counted."""
    if source.timed:
        return sum(each.seconds for each in source.queries)
    return sum(each.weight * each.plan.cost for each in planned)


def _slow(
    planned: Sequence[Planned], total: float, known: Knowledge, means: Means
) -> Iterator[Slow]:
    for each in planned:
        why = reasons(each.plan, known)
        more = hints(each.plan, has_trigrams=means.trigrams is not None) if why else ()
        share = each.weight * each.plan.cost / total if total else 0.0
        yield Slow(each, (*why, *more), share)


def _candidates(
    planned: Iterable[Planned], schema: Schema, known: Knowledge, means: Means
) -> tuple[Candidate, ...]:
    tables = {table.name: table for table in schema.tables}
    found = {
        shortened(each, tables[each.table])
        for query in planned
        for each in candidates(query.plan, known, means)
        if each.table in tables
        and not (_is_of_field(each) and with_fields(query.query.text) != query.query.text)
    }
    return tuple(
        each
        for each in sorted(found)
        if is_possible(each, tables[each.table]) and not is_covered(each, tables[each.table])
    )


def _is_of_field(candidate: Candidate) -> bool:
    """Return whether a key is a field, which may stand for one that isn't known."""
    return any(_FIELD.search(each.expression) for each in candidate.keys)
