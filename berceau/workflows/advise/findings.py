"""What ``invoke advise`` reports: advice as diagnostics, each at the line to change."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from berceau.diagnostic import Diagnostic
from berceau.planner.candidates import Candidate
from berceau.planner.codes import INDEX, UNINDEXED_KEY
from berceau.planner.plan import Node
from berceau.planner.schema_findings import Finding, schema_findings
from berceau.planner.server_findings import server_findings
from berceau.planner.statistics import Statistics, TableStatistics
from berceau.planner.unplanned import Unplanned
from berceau.schema.names import free_name, object_name, quote_name
from berceau.schema.pairs import relation_names
from berceau.settings import Settings
from berceau.workflows.advise.advising import TRIED, Advice, Advised, Slow, advise
from berceau.workflows.advise.applying import relative
from berceau.workflows.advise.found import Dismissals, Found, of_schema
from berceau.workflows.advise.places import Declaration, Declarations
from berceau.workflows.advise.sources import Source
from berceau.workflows.shared.wording import counted

SHOWN = 3
LONGEST = 300
_TRIED = re.compile(rf"{TRIED}\d+")


@dataclass(frozen=True)
class Report:
    """What ``invoke advise`` tells: the findings, the queries that were planned, and remarks.

    ``unhelped`` are the slow ones of these that no index helps, and ``unplanned`` have no plan.
    """

    findings: tuple[Found, ...]
    slow: tuple[Slow, ...]
    unhelped: tuple[Slow, ...]
    unplanned: tuple[Unplanned, ...]
    notes: tuple[str, ...]


def find(settings: Settings, statistics: Statistics, source: Source) -> Report:
    """Return what is found by ``statistics`` for the queries of ``source``, and isn't dismissed.

    Raises ``BerceauError``.
    """
    declarations = Declarations(settings)
    dismissals = Dismissals(settings, declarations.facts)
    advised = advise(settings, statistics, source)
    words = _Words(settings, statistics, source, declarations, advised)
    indexes = tuple(map(words.index, advised.advice))
    found = (
        *indexes,
        *(
            of_schema(each, declarations.place(each.table, each.column), settings.root)
            for each in (
                *schema_findings(advised.schema, statistics),
                *server_findings(advised.schema, statistics),
            )
            if not _is_advised(each, indexes)
        ),
    )
    kept, idle = dismissals.without(found)
    helped = {each.planned.text for advice in advised.advice for each in advice.helped}
    unhelped = tuple(each for each in advised.slow if each.planned.text not in helped)
    notes = (*advised.notes, *idle)
    return Report(kept, advised.slow, unhelped, advised.unplanned, notes)


def _is_advised(finding: Finding, indexes: Iterable[Found]) -> bool:
    """Return whether an advised index begins with the foreign key that has none."""
    begins = f"{finding.subject[:-1]},"
    return finding.code == UNINDEXED_KEY and any(
        each.subject == finding.subject or each.subject.startswith(begins) for each in indexes
    )


class _Words:
    """Advice in words."""

    def __init__(
        self,
        settings: Settings,
        statistics: Statistics,
        source: Source,
        declarations: Declarations,
        advised: Advised,
    ) -> None:
        self._settings = settings
        self._statistics = statistics
        self._timed = source.timed
        self._declarations = declarations
        self._reasons = {each.planned.text: each.reasons for each in advised.slow}
        self._tried = advised.tried
        self._tables = advised.schema.tables
        self._taken = {name for table in self._tables for name in relation_names(table)}
        # An entity that declares its index takes the name: SQL beside it needs another one.
        found = (each.candidate for each in advised.advice)
        self._taken |= {_name(each) for each in found if declarations.of(each) is not None}

    def index(self, advice: Advice) -> Found:
        """Return the finding that an index is missing."""
        candidate = advice.candidate
        declaration = self._declarations.of(candidate)
        root = self._settings.root
        own = self._settings.components
        foreign = declaration is not None and not declaration.file.is_relative_to(own)
        sql = None if declaration and not foreign else _statement(candidate, self._taken)
        place = self._declarations.place(candidate.table, candidate.keys[0].column)
        if declaration:
            place = declaration.file, declaration.line
        diagnostic = Diagnostic(
            INDEX,
            f"An index on {candidate} would {self._gain(advice)}.",
            self._cure(candidate, declaration, sql),
            level="warning",
            file=relative(place[0], root) if place else None,
            line=place[1] if place else None,
            detail="\n".join((*self._price(advice), *self._queries(advice))),
        )
        plans = tuple(
            (each.planned.query.text, self._plan(each.before), self._plan(each.after))
            for each in advice.helped
        )
        return Found(diagnostic, str(candidate), None if foreign else declaration, sql, plans)

    def _cure(self, candidate: Candidate, declaration: Declaration | None, sql: str | None) -> str:
        if sql is None and declaration is not None:
            return f"Add {declaration.code} to {declaration.owner}."
        why = "Entities can't declare it:"
        if declaration is not None:
            why = f"{declaration.entity} is of an installed package: tell its authors, or"
        text = f"{why} run `invoke migrate --create-only`, and add: {sql}"
        if self._is_dropped(candidate):
            text += " List its name as unmanaged under [tool.berceau.migrations] in pyproject.toml."
        return text

    def _is_dropped(self, candidate: Candidate) -> bool:
        """Return whether the next migration drops it, as entities could declare it and don't.

        What rests on a generated column of a migration's own, they couldn't.
        """
        generated = {
            column.name
            for table in self._tables
            for column in table.columns
            if table.name == candidate.table and column.generated
        }
        by_hand = {each for each in generated if not self._declarations.have(candidate.table, each)}
        return bool(candidate.columns) and by_hand.isdisjoint(candidate.columns)

    def _plan(self, plan: Node) -> str:
        """Return ``plan`` with the names that the indexes would have."""
        return _TRIED.sub(lambda match: _name(self._tried[match[0]]), str(plan))

    def _gain(self, advice: Advice) -> str:
        queries = counted(len(advice.helped), "query", "queries")
        if not self._timed:
            return f"make {queries} cheaper"
        spent = sum(each.planned.query.seconds for each in advice.helped)
        return f"save about {_seconds(advice.saved)} of the {_seconds(spent)} spent in {queries}"

    def _price(self, advice: Advice) -> tuple[str, ...]:
        """Return what the index takes, and what it costs those who write."""
        size = f"It takes about {_bytes(advice.size)}"
        table = self._statistics.table(advice.candidate.table)
        if table is None:
            return (f"{size}.",)
        total = sum(map(_writes, self._statistics.tables))
        share = f" ({_writes(table) / total:.0%} of all)" if total else ""
        text = (
            f"{size}, and each write to {table.name} has one index more to update: "
            f"{_writes(table):,} writes{share}"
        )
        calls = sum(each.planned.query.calls for each in advice.helped)
        return (
            f"{text}, beside {calls:,} calls of these queries." if self._timed else f"{text}.",
            *(f"It does all that {name} does: remove that." for name in advice.replaced),
        )

    def _queries(self, advice: Advice) -> Iterator[str]:
        """Yield texts on the queries that it helps most."""
        for each in advice.helped[:SHOWN]:
            query, before, after = each.planned.query, each.before, each.after
            others = sorted(
                str(self._tried[name])
                for name in {*after.indexes} - {*before.indexes}
                if name in self._tried and self._tried[name] != advice.candidate
            )
            beside = "".join(f" and one on {other}" for other in others)
            yield "\n".join(
                (
                    query.text[:LONGEST],
                    *([f"  from {', '.join(query.lines[:SHOWN])}"] if query.lines else []),
                    f"  costs {before.cost:.0f}, and {after.cost:.0f} with it{beside}",
                    *(f"  {why}" for why in self._reasons.get(each.planned.text, ())[:2]),
                )
            )


def _statement(candidate: Candidate, taken: set[str]) -> str:
    """Return the SQL for a migration, with a name that isn't ``taken``, and is from now on."""
    name = free_name(_name(candidate), taken)
    taken.add(name)
    return f"CREATE INDEX CONCURRENTLY {quote_name(name)} {candidate.sql};"


def _name(candidate: Candidate) -> str:
    calls = (re.match(r"[a-z]\w*(?=\()", each.expression) for each in candidate.keys)
    parts = (
        call[0] if call else each.column for call, each in zip(calls, candidate.keys, strict=True)
    )
    return object_name(candidate.table, parts, "idx")


def _writes(table: TableStatistics) -> int:
    return table.inserted + table.updated + table.deleted


def _seconds(seconds: float) -> str:
    return f"{seconds:.3g} s"


def _bytes(size: int) -> str:
    return f"{size / 2**20:.1f} MB" if size >= 2**20 else f"{size / 2**10:.0f} kB"
