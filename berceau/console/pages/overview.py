"""The overview: what the application is made of, how it is, and what needs attention."""

import platform
from collections import Counter
from collections.abc import Iterator
from typing import Any

from pyramid.request import Request

import berceau
from berceau.console import formats
from berceau.console.target import target_of
from berceau.console.views import console_view, link_to
from berceau.orm import db
from berceau.orm.entities import read_entities
from berceau.web.registry import ROUTES, settings_of
from berceau.workflows.describe.describing import describe
from berceau.workflows.overview.attention import Attention
from berceau.workflows.overview.components import ComponentFacts
from berceau.workflows.overview.overview import Overview
from berceau.workflows.overview.overview import overview as look
from berceau.workflows.shared.wording import counted

LARGEST = 8
"""How many tables are listed."""

CHIPS = 24
"""How many entities of a component are listed."""


@console_view("/", section="overview", template="overview.pt")
def overview(request: Request) -> dict[str, Any]:
    """Show the components, the database, the history, and what isn't in order."""
    settings = settings_of(request.registry.settings)
    with target_of(request) as running:
        found = look(running, lambda: describe(settings, db.get_connection()))
    routes = Counter(request.registry[ROUTES].owners.values())
    entities = {each.table: each.name for each in read_entities(db)}
    declared = {name for each in found.components for name in each.tables}
    largest = sorted(found.database.tables, key=lambda each: -each.size)[:LARGEST]
    return {
        "overview": found,
        "versions": f"Berceau {berceau.__version__} · Python {platform.python_version()} · "
        f"PostgreSQL {found.database.version.split()[0]}, "
        f"started {formats.ago(found.database.started_at)}",
        "figures": list(_figures(found)),
        "schema": link_to(request, "/schema"),
        "attention": [(each, _more(request, each)) for each in found.attention],
        "components": [
            {
                "facts": each,
                "tables": [
                    (entities.get(name, name), name, table_link(request, name, entities.get(name)))
                    for name in each.tables[:CHIPS]
                ],
                "more": len(each.tables[CHIPS:]),
                "findings": counted(found.findings.get(each.name, 0), "finding"),
                "is_fine": each.name not in found.findings,
                "counts": _counts(each, routes[each.name]),
            }
            for each in found.components
        ],
        "tables": [
            {
                "name": each.name,
                "href": table_link(request, each.name, entities.get(each.name))
                if each.name in declared
                else None,
                "rows": formats.about(each.rows),
                "size": formats.size(each.size),
                "bytes": each.size,
                "most": largest[0].size,
            }
            for each in largest
        ],
    }


def table_link(request: Request, name: str, entity: str | None) -> str | None:
    """Return where a declared table is shown, if anything shows it, or the rows of its entity.

    One that connects two entities has no ``entity``.
    """
    shown = link_to(request, "/schema/tables/{name}", name=name)
    if shown is None and entity is not None:
        return link_to(request, "/rows/{entity}", entity=entity)
    return shown


def _more(request: Request, each: Attention) -> str | None:
    """Return where the console shows more of what needs attention."""
    if each.table is not None:
        return link_to(request, "/schema/tables/{name}", name=each.table)
    return link_to(request, f"/{each.about}") if each.about else None


def _figures(found: Overview) -> Iterator[tuple[str, str, str]]:
    """Yield what is counted: its name, the number, and what to say beside it."""
    database = found.database
    yield "Components", str(len(found.components)), ""
    yield "Tables", str(sum(len(each.tables) for each in found.components)), ""
    rows = sum(each.rows for each in database.tables)
    yield "Rows", formats.about(rows), ""
    yield "Database", formats.size(database.size), ""
    connections = f"of {database.max_connections}"
    if database.all_connections > database.connections:
        connections += f", {database.all_connections} in all"
    yield "Connections", str(database.connections), connections
    if found.history is not None:
        pending = len(found.history.pending)
        yield (
            "Migrations",
            str(len(found.history.applied)),
            f"+ {pending} pending" if pending else "",
        )
    yield "Tests", str(sum(each.tests for each in found.components)), ""


def _counts(facts: ComponentFacts, routes: int) -> str:
    found = (
        (len(facts.tables), "table"),
        (len(facts.enums), "enum"),
        (routes, "route"),
        (facts.tests, "test"),
    )
    return " · ".join(counted(number, noun) for number, noun in found if number)
