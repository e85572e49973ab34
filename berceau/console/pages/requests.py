"""The last requests: what they asked the database, from which lines, and how it would answer."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request

from berceau.console import formats
from berceau.console.recording import MOST_REQUESTS, RECORDER, Recorded, Recorder
from berceau.console.sql import pieces
from berceau.console.views import console_view
from berceau.errors import PlanError
from berceau.orm import db
from berceau.planner.plan import Node
from berceau.planner.shapes import is_plannable
from berceau.postgres.inspect.glance import looking
from berceau.postgres.statistics.explaining import explain
from berceau.web.queries import RENDERING, Ran
from berceau.workflows.shared.wording import counted

COSTLY = 0.25
"""A node with so much of the whole cost is marked, and the one with most always."""


@dataclass
class Asked:
    """Queries of one request with the same text, from the same line; ``number`` is the first's."""

    number: int
    ran: Ran
    count: int = 0
    seconds: float = 0.0
    rows: int = 0


@console_view("/requests", section="requests", template="requests.pt")
def requests(request: Request) -> dict[str, Any]:
    """List the last requests of this process."""
    recorder: Recorder = request.registry[RECORDER]
    return {"requests": [_row(request, each) for each in recorder.all()], "most": MOST_REQUESTS}


@console_view("/requests/{number}", section="requests", template="request.pt")
def request_(request: Request) -> dict[str, Any]:
    """Show one request with its queries."""
    found = _found(request)
    asked = sorted(_asked(found), key=lambda each: -each.seconds)
    repeated = {(each.line, each.text) for each in found.loops}
    return {
        "found": found,
        "row": _row(request, found),
        "asked": [
            {
                "each": each,
                "pieces": pieces(each.ran.text),
                "loop": each.count > 1 and (each.ran.line or RENDERING, each.ran.text) in repeated,
                "time": formats.span(each.seconds),
                "share": _percent(each.seconds, found.database_seconds),
                "plan": _plan_of(request, found, each),
            }
            for each in asked
        ],
        "counted": counted,
    }


@console_view("/requests/{number}/plan/{query}", section="requests", template="plan.pt")
def plan(request: Request) -> dict[str, Any]:
    """Show how PostgreSQL would run one query of a request."""
    found = _found(request)
    by_number = {str(number): each for number, each in enumerate(found.queries)}
    ran = by_number.get(request.matchdict["query"])
    if ran is None:
        raise HTTPNotFound
    values = {"found": found, "ran": ran, "pieces": pieces(ran.text), "error": None, "nodes": []}
    if found.tenant != (request.tenant and request.tenant.name):
        return {**values, "error": _elsewhere(found.tenant)}
    connection = db.get_connection()
    try:
        with looking(connection):
            node = explain(connection, ran.text)
    except PlanError as error:
        return {**values, "error": error}
    return {**values, "nodes": list(_nodes(node)), "cost": node.cost}


def _elsewhere(tenant: str | None) -> PlanError:
    """Return why a query of ``tenant``, or of shared pages, has no plan at this address."""
    whose = f"the tenant {tenant}" if tenant else "a page without a tenant"
    return PlanError(
        f"It is a query of {whose}, and this address leads to other tables.",
        cure="Open the console at the address of the request.",
    )


def _found(request: Request) -> Recorded:
    recorder: Recorder = request.registry[RECORDER]
    found = recorder.find(request.matchdict["number"])
    if found is None:
        raise HTTPNotFound
    return found


def _row(request: Request, each: Recorded) -> dict[str, Any]:
    return {
        "each": each,
        "href": request.console_path("/requests/{number}", number=each.number),
        "badge": "danger" if each.status >= 500 else "warning" if each.status >= 400 else "good",
        "at": formats.ago(each.at),
        "moment": each.at.isoformat(" ", "milliseconds"),
        "took": formats.span(each.seconds),
        "waited": formats.span(each.database_seconds),
        "share": _percent(each.database_seconds, each.seconds),
    }


def _plan_of(request: Request, found: Recorded, each: Asked) -> str | None:
    if not is_plannable(each.ran.text):
        return None
    path: str = request.console_path(
        "/requests/{number}/plan/{query}", number=found.number, query=each.number
    )
    return path


def _asked(found: Recorded) -> Iterator[Asked]:
    groups: dict[tuple[str, str | None], Asked] = {}
    for number, ran in enumerate(found.queries):
        group = groups.setdefault((ran.text, ran.line), Asked(number, ran))
        group.count += 1
        group.seconds += ran.seconds
        group.rows += ran.rows
    yield from groups.values()


def _nodes(root: Node) -> Iterator[dict[str, Any]]:
    """Yield the nodes from the top, each with its depth and its own part of the cost."""
    own = {id(each): _own(each) for each in root.walk()}
    whole, most = sum(own.values()), max(own.values())

    def below(node: Node, depth: int) -> Iterator[dict[str, Any]]:
        mine = own[id(node)]
        yield {
            "node": node,
            "depth": min(depth, 12),
            "rows": formats.about(round(node.rows)),
            "cost": f"{mine:,.1f}",
            "share": _percent(mine, whole),
            "costly": mine > 0 and (mine == most or mine >= COSTLY * whole),
        }
        for child in node.children:
            yield from below(child, depth + 1)

    yield from below(root, 0)


def _own(node: Node) -> float:
    """Return what the node costs beside those below it; above them, a LIMIT may cost less."""
    return max(node.cost - sum(each.cost for each in node.children), 0.0)


def _percent(part: float, whole: float) -> int:
    return min(round(100 * part / whole), 100) if whole else 0
