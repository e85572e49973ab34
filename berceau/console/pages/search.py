"""The search: what in the application has a name that holds the words."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyramid.request import Request

from berceau.console.row_addresses import LIST, entities_of
from berceau.console.target import target_of
from berceau.console.views import console_view, link_to
from berceau.schema.model import Schema
from berceau.web.registry import settings_of
from berceau.workflows.build.declared import declared
from berceau.workflows.overview.overview import migrations_of

MOST = 50
"""How many findings of each kind are shown."""


@dataclass(frozen=True)
class Finding:
    """Something whose ``name`` matches, of a ``kind``; ``more`` says what it belongs to."""

    kind: str
    name: str
    more: str
    href: str | None


@console_view("/search", section="overview", template="search.pt")
def search(request: Request) -> dict[str, Any]:
    """Show what matches ``q``: entities, tables, columns, enums and migrations."""
    text = " ".join(str(request.GET.get("q", "")).lower().split())
    found = list(_findings(request, text)) if text else []
    return {"text": text, "found": found[:MOST], "more": max(len(found) - MOST, 0)}


def _findings(request: Request, text: str) -> Iterator[Finding]:
    """Yield what matches, that which begins with ``text`` first."""
    known = declared(settings_of(request.registry.settings))
    names = (
        *_of_entities(request),
        *_of_schema(request, known.schema),
        *_of_migrations(request),
    )
    matching = [each for each in names if text in each.name.lower()]
    yield from sorted(matching, key=lambda each: not _tail(each.name).startswith(text))


def _tail(name: str) -> str:
    return name.lower().rpartition(".")[2]


def _of_entities(request: Request) -> Iterator[Finding]:
    for entity in entities_of(request).by_name.values():
        href = link_to(request, LIST, entity=entity.name)
        yield Finding("entity", entity.name, f"rows of {entity.table}", href)


def _of_schema(request: Request, schema: Schema) -> Iterator[Finding]:
    for table in schema.tables:
        href = link_to(request, "/schema/tables/{name}", name=table.name)
        yield Finding("table", table.name, "", href)
        for column in table.columns:
            yield Finding("column", f"{table.name}.{column.name}", str(column.type), href)
    for enum in schema.enums:
        href = link_to(request, "/schema/enums/{name}", name=enum.name)
        yield Finding("enum", enum.name, ", ".join(enum.labels), href)


def _of_migrations(request: Request) -> Iterator[Finding]:
    with target_of(request) as running:
        found = migrations_of(running)
    for each in found:
        href = link_to(request, "/migrations/{name}", name=each.name)
        yield Finding("migration", each.name, "", href)
