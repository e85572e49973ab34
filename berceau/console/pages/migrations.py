"""The migrations: the line of history, what would be written, and where the database drifted."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from pyramid.request import Request

from berceau.console import formats
from berceau.console.sql import pieces
from berceau.console.target import declared_for, target_of, whose
from berceau.console.views import console_view, link_to
from berceau.errors import BerceauError
from berceau.migration.history import History
from berceau.migration.migration import Migration
from berceau.migration.phases import is_contract
from berceau.migration.statement_locks import Step, steps
from berceau.migration.timeline import Entry, Standing, timeline
from berceau.schema.sql import Hazard
from berceau.workflows.deploy.deploy import history as read_history
from berceau.workflows.deploy.status import Status, status
from berceau.workflows.overview.overview import migrations_of
from berceau.workflows.serve.start import Running
from berceau.workflows.shared.cache import SchemaCache
from berceau.workflows.shared.wording import counted
from berceau.workflows.write.migrate import Options
from berceau.workflows.write.prepared import Prepared, prepare

T = TypeVar("T")

BADGES = {
    Standing.APPLIED: "good",
    Standing.PENDING: "info",
    Standing.RUNNING: "info",
    Standing.REPLACING: "info",
    Standing.FAILED: "danger",
    Standing.EDITED: "warning",
    Standing.MISSING: "warning",
}
SEVERE = {Hazard.DATA_LOSS, Hazard.BREAKS_RUNNING_RELEASE, Hazard.BREAKS_OLD_CODE}


@dataclass(frozen=True)
class Looked:
    """What a look found, or the ``error`` that kept it from finding anything."""

    found: Any = None
    error: BerceauError | None = None


@console_view("/migrations", section="migrations", template="migrations.pt")
def migrations(request: Request) -> dict[str, Any]:
    """Show the history, and in development what differs from it."""
    with target_of(request) as running:
        return _page(request, running)


def _page(request: Request, running: Running) -> dict[str, Any]:
    on_disk = migrations_of(running)
    history = read_history(running.databases.runtime_url, on_disk)
    development = running.settings.development
    return {
        "can_change": development,
        "whose": whose(request),
        "entries": [_row(request, each) for each in timeline(on_disk, history)],
        "contradictions": history.contradictions,
        "pending": _ready(history),
        "proposal": looked(lambda: proposed(running)) if development else None,
        "status": looked(lambda: status_of(running, on_disk)) if development else None,
        "pieces": pieces,
        "counted": counted,
    }


def looked(look: Callable[[], Any]) -> Looked:
    """Return what ``look`` finds, or why it can't."""
    try:
        return Looked(look())
    except BerceauError as error:
        return Looked(error=error)


def proposed(running: Running) -> Prepared:
    """Return what ``invoke migrate`` would write without any answer."""
    known = declared_for(running)
    return prepare(running.settings, known.schema, known.component_by_name, Options(), {})


def status_of(running: Running, on_disk: tuple[Migration, ...]) -> Status:
    """Return how the database differs from its migrations, on a developer's machine."""
    known = declared_for(running)
    url, cache = running.databases.migration_url, SchemaCache(running.settings.cache)
    return status(url, known.schema, on_disk, cache, waits=False)


def hazard_badges(hazards: Any) -> list[tuple[str, str]]:
    """Return each of ``hazards`` with the class of its badge."""
    return [(str(each), "danger" if each in SEVERE else "warning") for each in hazards]


def _ready(history: History) -> int:
    """Return how many migrations an apply would run."""
    return len(history.pending) if not history.contradictions else 0


def _row(request: Request, entry: Entry) -> dict[str, Any]:
    found = looked(lambda: list(steps(entry.migration)))
    statements: list[Step] = found.found or []
    hazards = sorted({hazard for each in statements for hazard in each.hazards})
    line = entry.line
    applied = line.applied_at if line is not None else None
    header = looked(lambda: entry.migration.header).found
    return {
        "entry": entry,
        "href": link_to(request, "/migrations/{name}", name=entry.name),
        "badge": BADGES[entry.standing],
        "hazards": hazard_badges(hazards),
        "statements": len(statements),
        "components": ", ".join(header.components) if header else "",
        "contract": header is not None and is_contract(entry.migration),
        "applied": formats.ago(applied) if applied else "",
        "applied_at": applied.isoformat(" ", "seconds") if applied else "",
        "took": formats.span(entry.seconds) if entry.seconds else "",
        "error": line.error if line is not None and line.error else "",
    }
