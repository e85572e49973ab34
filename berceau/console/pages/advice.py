"""What ``invoke advise`` finds: indexes that queries need, each with its cost before and after."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request

from berceau.console import formats
from berceau.console.sql import pieces
from berceau.console.views import console_view
from berceau.errors import BerceauError
from berceau.web.registry import settings_of
from berceau.workflows.advise.applying import apply
from berceau.workflows.advise.found import Found
from berceau.workflows.advise.project import Answer, advise_project
from berceau.workflows.shared.wording import counted

KEPT = "berceau.console.advice"
"""In Pyramid's registry: the last answer."""
PATH = "/advice"
SOURCES = (
    ("", "production, or the tests where its file has no queries"),
    ("development", "this development database"),
    ("tests", "the last test run"),
)
SLOWEST = 10
LONGEST = 300
"""So many characters of a query stand above its plans."""


@dataclass(frozen=True)
class Kept:
    """The ``answer`` of a moment, or the ``error`` in its place."""

    at: datetime
    answer: Answer | None = None
    error: BerceauError | None = None


@console_view(PATH, section="advice", template="advice.pt", development=True)
def advice(request: Request) -> dict[str, Any]:
    """Show the last answer; a look for another takes seconds, so it has a button."""
    kept: Kept | None = request.registry.get(KEPT)
    report = kept.answer.report if kept and kept.answer else None
    return {
        "kept": kept,
        "ago": formats.ago(kept.at) if kept else "",
        "sources": SOURCES,
        "findings": [_finding(each) for each in report.findings] if report else [],
        "slow": [
            {
                "text": pieces(each.planned.query.text),
                "share": round(100 * each.share),
                "reasons": each.reasons,
                "lines": each.planned.query.lines,
            }
            for each in (report.slow[:SLOWEST] if report else ())
        ],
        "counted": counted,
    }


@console_view(PATH, section="advice", method="POST")
def look(request: Request) -> HTTPSeeOther:
    """Look for advice, and keep what is found."""
    wanted = request.POST.get("queries", "")
    queries = wanted if wanted in dict(SOURCES) else ""
    now = datetime.now(UTC)
    try:
        answer = advise_project(settings_of(request.registry.settings), queries)
        request.registry[KEPT] = Kept(now, answer)
    except BerceauError as error:
        request.registry[KEPT] = Kept(now, error=error)
    return HTTPSeeOther(request.console_path(PATH))


@console_view("/advice/apply", section="advice", method="POST")
def write(request: Request) -> HTTPSeeOther:
    """Write the chosen index into its entity, and show the migration that follows."""
    kept: Kept | None = request.registry.get(KEPT)
    found = kept.answer.report.findings if kept and kept.answer else ()
    chosen = next((each for each in found if _key(each) == request.POST.get("finding")), None)
    if chosen is None or chosen.change is None:
        request.flash("This advice is gone: look again.")
        return HTTPSeeOther(request.console_path(PATH))
    try:
        apply(chosen.change)
    except BerceauError as error:
        request.flash(f"Nothing was written. {error.message} {error.cure or ''}")
        return HTTPSeeOther(request.console_path(PATH))
    request.registry[KEPT] = None
    return HTTPSeeOther(request.console_path("/migrations/new"))


def _key(each: Found) -> str:
    return f"{each.diagnostic.code} {each.subject}"


def _finding(each: Found) -> dict[str, Any]:
    found = each.diagnostic
    return {
        "key": _key(each),
        "code": found.code,
        "message": found.message,
        "cure": found.cure,
        "place": f"{found.file}:{found.line}" if found.file and found.line else "",
        "change": each.change,
        "sql": pieces(each.sql) if each.sql else None,
        "plans": [
            {
                "query": pieces(query),
                "text": " ".join(query.split())[:LONGEST],
                "before": before,
                "after": after,
            }
            for query, before, after in each.plans
        ],
    }
