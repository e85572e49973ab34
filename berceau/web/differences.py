"""What a developer's browser shows while entities and database differ, and a button."""

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import EXCVIEW

from berceau.errors import MigrationError
from berceau.schema.changes import DropEnum, DropIndex, DropTable
from berceau.schema.sql import Hazard, Lock, Statement
from berceau.settings import Settings
from berceau.tenancy import SCOPES
from berceau.web.problems import Problem, answer
from berceau.web.registry import CONSOLE_PREFIX, settings_of
from berceau.web.unavailable import is_served_anyway
from berceau.workflows.build.declared import Declared, declared
from berceau.workflows.shared.wording import counted
from berceau.workflows.tenants import targets
from berceau.workflows.tenants.migrating import migrate_all
from berceau.workflows.write.migrate import Options, migrate
from berceau.workflows.write.propose import Proposal, propose

log = logging.getLogger("berceau")

ROUTE = "berceau.migrate"
PATH = f"{CONSOLE_PREFIX}/migrate"
TEMPLATE = "berceau.web:templates/differences.pt"


@dataclass(frozen=True)
class Difference:
    """What separates the database from the entities: a ``proposal``, or why there is none."""

    proposal: Proposal | None
    refusal: MigrationError | None = None

    @property
    def matters(self) -> bool:
        """Whether the application needs what the database lacks, rather than the reverse."""
        if self.proposal is None:
            return True
        changes = self.proposal.plan.changes
        return any(not isinstance(change, DropTable | DropEnum | DropIndex) for change in changes)

    @property
    def is_harmless(self) -> bool:
        """Whether it can be applied at the push of a button: nothing is lost, nothing in doubt."""
        if self.proposal is None or self.proposal.questions:
            return False
        return not any(Hazard.DATA_LOSS in each.hazards for each in self.proposal.plan.up)


class Different(Exception):  # noqa: N818 - what it carries is no error of the program
    """Answers a request that came while the ``difference`` matters."""

    def __init__(self, difference: Difference) -> None:
        self.difference = difference
        super().__init__()


def includeme(config: Configurator) -> None:
    """Show the page instead of any other, and take its button's request; never in production."""
    if not settings_of(config.get_settings()).development:
        return
    config.add_route(ROUTE, PATH)
    config.add_view(apply, route_name=ROUTE, request_method="POST")
    config.add_exception_view(show, context=Different)
    config.add_tween(
        "berceau.web.differences.difference_tween_factory",
        under=[EXCVIEW, "berceau.web.hosts.host_tween_factory"],
        over="berceau.web.unavailable.fitness_tween_factory",
    )


def difference_tween_factory(handler: Callable[[Request], Response], registry: Any) -> Any:
    """Return a tween that lets requests through once the database has what the entities need.

    It looks at each request until then, and never again: what changes the entities also starts
    the application again.
    """
    settings = settings_of(registry.settings)
    settled = False

    def difference_tween(request: Request) -> Response:
        nonlocal settled
        if not (settled or request.path_info == PATH or is_served_anyway(request, settings)):
            difference = look(settings)
            if difference.matters:
                raise Different(difference)
            settled = True
        return handler(request)

    return difference_tween


def look(settings: Settings) -> Difference:
    """Return what separates the project's database from its entities."""
    try:
        found = declared(settings)
        if settings.tenants is not None:
            return _look_at_both(settings, found)
        return Difference(propose(settings, found.schema, Options(), found.component_by_name))
    except MigrationError as error:
        return Difference(None, error)


def _look_at_both(settings: Settings, found: Declared) -> Difference:
    """Return what separates the shared tables from the entities, or else those of a tenant."""
    difference = Difference(None)
    for scope in SCOPES:
        part = found.part(scope)
        with targets.of(settings, scope) as one:
            difference = Difference(propose(one, part.schema, Options(), part.component_by_name))
        if difference.matters:
            break
    return difference


def show(error: Different, request: Request) -> Response:
    """Show the SQL that ``invoke migrate`` would write, its hazards, and a button."""
    values = _values(request, error.difference)
    refusal = error.difference.refusal
    problem = Problem(
        503,
        "The database differs from the entities",
        "Run `invoke migrate` and try again." if refusal is None else str(refusal),
        {"sql": values["sql"].splitlines()} if refusal is None else {},
    )
    return answer(request, problem, TEMPLATE, values)


def apply(request: Request) -> Any:
    """Write the migration and apply it; show the page again where that is refused."""
    settings = settings_of(request.registry.settings)
    difference = look(settings)
    if not difference.is_harmless:
        raise Different(difference)
    found = declared(settings)
    typed = str(request.POST.get("name", "")).lower()
    name = re.sub(r"[^a-z0-9]+", "_", typed)[:40].strip("_") or Options().name
    try:
        if settings.tenants is not None:
            outcome = migrate_all(settings, found, Options(name), log.info)
        else:
            outcome = migrate(
                settings,
                found.schema,
                Options(name),
                log.info,
                component_by_name=found.component_by_name,
            )
    except MigrationError as error:
        raise Different(Difference(None, error)) from error
    log.info("wrote and applied %s", outcome.written)
    back = str(request.POST.get("back", "/"))
    inside = back.startswith("/") and not back.startswith(("//", "/\\"))
    return HTTPSeeOther(request.script_name + (back if inside else "/"))


def _values(request: Request, difference: Difference) -> dict[str, Any]:
    statements = difference.proposal.plan.up if difference.proposal else ()
    locks = [each.lock for each in statements if each.lock is not Lock.NONE]
    return {
        "sql": "\n\n".join(map(_commented, statements)),
        "hazards": _counted(hazard for each in statements for hazard in sorted(each.hazards)),
        "locks": ", ".join(f"{lock} ({times})" for lock, times in _counted(locks)),
        "refusal": difference.refusal,
        "button": difference.is_harmless,
        "path": request.route_path(ROUTE),
        "back": request.path_info if request.method == "GET" else "/",
    }


def _commented(statement: Statement) -> str:
    """Return the SQL with its hazards above it, as a migration has them."""
    return "\n".join([*(f"-- {hazard}" for hazard in sorted(statement.hazards)), str(statement)])


def _counted(found: Iterable[str]) -> list[tuple[str, str]]:
    """Return each once, with the number of statements that have it: a table may get many."""
    return [(each, counted(times, "statement")) for each, times in Counter(found).items()]
