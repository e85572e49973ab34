"""``invoke advise``: indexes that queries need, tried in a clone that plans like production."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from invoke.context import Context

from berceau.errors import LintError, StatisticsError
from berceau.tasks.command import command
from berceau.tasks.project import load, print_json, say
from berceau.workflows.shared.wording import counted

if TYPE_CHECKING:
    from berceau.planner.unplanned import Unplanned
    from berceau.workflows.advise.advising import Slow
    from berceau.workflows.advise.findings import Report
    from berceau.workflows.advise.found import Found

LONGEST = 300
UNHELPED = 3
"""So many slow queries that no index helps are shown, of those with this part of the whole."""
UNHELPED_SHARE = 0.1


@command(
    help={
        "json": "print one JSON document",
        "apply": "write the indexes into the entities",
        "check": "fail if anything is found",
        "plans": "print the plans, without and with each index",
        "queries": "statistics, tests, development, or a file; statistics if they have any, "
        "else tests",
        "statistics": "the file of statistics, if there are several in statistics/",
    }
)
def advise(
    _: Context,
    json: bool = False,
    apply: bool = False,
    check: bool = False,
    plans: bool = False,
    queries: str = "",
    statistics: str = "",
) -> None:
    """Find indexes that queries need, and try each in a clone of production without rows."""
    from berceau.workflows.advise.applying import apply_all, relative
    from berceau.workflows.advise.project import advise_project

    settings = load()
    answer = advise_project(settings, queries, statistics)
    report, source, known = answer.report, answer.source, answer.statistics
    if json:
        print_json(
            {
                "statistics": relative(answer.file, settings.root),
                "database": known.database or None,
                "since": known.since,
                "source": source.title,
                "queries": [_as_data(each) for each in report.slow],
                "unplanned": [_as_unplanned(each) for each in report.unplanned],
                "findings": [_finding(each) for each in report.findings],
                "notes": report.notes,
            }
        )
    else:
        asked = f"{counted(len(report.slow), 'query', 'queries')} of {source.title}"
        say(f"advise: {asked}" + ("" if source.timed else f", planned by {answer.planned_by}"))
        _print(report, plans=plans, timed=source.timed)
    changes = [each.change for each in report.findings if each.change] if apply else []
    written, errors = apply_all(changes)
    for change in written:
        if not json:
            file = relative(change.file, settings.root)
            say(f"wrote {change.code} into {change.owner}, {file}")
    by_hand = sum(each.sql is not None for each in report.findings) if apply else 0
    if by_hand and not json:
        say(f"not written: {counted(by_hand, 'index', 'indexes')}, each with its SQL above")
    if written and not json:
        say("next:")
        say("  invoke migrate")
    if errors:
        title = f"{counted(len(errors), 'index', 'indexes')} of {len(changes)} couldn't be written."
        raise StatisticsError("\n".join((title, *map(str, errors))))
    if check and report.findings:
        raise LintError(
            f"{counted(len(report.findings), 'finding')} in queries, indexes and tables.",
            cure="Correct them, or dismiss one with its reason: # berceau: ignore[CODE] REASON at "
            "its line, or dismissed of [tool.berceau.advise] in pyproject.toml.",
        )


def _print(report: "Report", *, plans: bool, timed: bool) -> None:
    for note in report.notes:
        say(note)
    for found in report.findings:
        say(str(found.diagnostic))
        for query, before, after in found.plans if plans else ():
            say(f"    plans of {query[:LONGEST]}")
            for line in (*before.splitlines(), "with it:", *after.splitlines()):
                say(f"      {line}")
    unhelped = [each for each in report.unhelped if each.reasons and each.share >= UNHELPED_SHARE]
    for each in unhelped[:UNHELPED]:
        say(f"No index helps what takes {each.share:.0%} of the {'time' if timed else 'cost'}:")
        say(f"    {each.planned.query.text[:LONGEST]}")
        for reason in each.reasons:
            say(f"      {reason}")
    if not report.findings:
        say("Nothing was found.")


def _as_data(slow: "Slow") -> dict[str, Any]:
    query = slow.planned.query
    plan: Sequence[str] = str(slow.planned.plan).splitlines()
    return {
        **asdict(query),
        "cost": slow.planned.plan.cost,
        "share": round(slow.share, 4),
        "reasons": slow.reasons,
        "plan": plan,
    }


def _as_unplanned(unplanned: "Unplanned") -> dict[str, Any]:
    share = None if unplanned.share is None else round(unplanned.share, 4)
    return {**asdict(unplanned.query), "share": share, "reason": unplanned.reason}


def _finding(found: "Found") -> dict[str, Any]:
    change = found.change and {
        name: str(value) if isinstance(value, Path) else value
        for name, value in asdict(found.change).items()
    }
    return {
        **asdict(found.diagnostic),
        "subject": found.subject,
        "change": change,
        "sql": found.sql,
        "plans": [
            {"query": query, "before": before.splitlines(), "after": after.splitlines()}
            for query, before, after in found.plans
        ],
    }
