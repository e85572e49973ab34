"""The rows of an entity: browsed, filtered, sorted, exported as CSV, and suggested by name."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from pyramid.request import Request
from pyramid.response import Response

from berceau.console import formats
from berceau.console.row_addresses import (
    LIST,
    SUGGEST,
    address,
    browsing_of,
    connection_of,
    entities_of,
    found_or_not,
    object_address,
    query_of,
)
from berceau.console.row_cells import shown_cell, style_of
from berceau.console.views import console_view, link_to
from berceau.errors import RowsError
from berceau.orm.entities import own_text
from berceau.orm.fields import EntityFields, Field
from berceau.postgres.rows.rows import estimated_rows
from berceau.web.registry import RUNNING
from berceau.workflows.rows.browsing import PAGE, Browsing, Page, browse, can_sort
from berceau.workflows.rows.entities import Entities
from berceau.workflows.rows.exporting import export
from berceau.workflows.rows.looking import name_of, suggest
from berceau.workflows.rows.operators import operators

_LISTS = {"boolean": ("true", "false")}


@console_view("/rows", section="rows", template="entities.pt")
def all_entities(request: Request) -> dict[str, Any]:
    """Show all entities, by component."""
    entities = entities_of(request)
    estimates = estimated_rows(connection_of(request))
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for entity in entities.by_name.values():
        estimate = estimates.get(entity.table)
        groups.setdefault(_component(request, entity), []).append(
            {
                "name": entity.name,
                "href": request.console_path(LIST, entity=entity.name),
                "text": _first_line(entities, entity),
                "table": entity.table,
                "rows": "" if estimate is None or entity.values else formats.about(estimate),
            }
        )
    return {"groups": groups, "only_shared": bool(entities.of_tenants)}


@console_view(LIST, section="rows", template="rows.pt")
def rows(request: Request) -> dict[str, Any]:
    """Show a page of an entity's rows, and what they can be filtered and sorted by."""
    entities = entities_of(request)
    browsing = browsing_of(request)
    entity = found_or_not(lambda: entities.find(browsing.entity))
    page, problem = None, None
    try:
        page = browse(connection_of(request), entities, browsing)
    except RowsError as error:
        problem = error
        request.response.status = 422
    return {
        "entity": entity,
        "text": _first_line(entities, entity),
        "problem": problem,
        "filters": list(_shown_filters(request, entities, entity, browsing)),
        "fields": _filterable(request, entities, entity),
        "operators": _all_operators(entities, entity),
        "kept": [pair for pair in query_of(browsing) if pair[0] != "after"],
        "kept_but_columns": [
            pair for pair in query_of(browsing) if pair[0] not in {"after", "column"}
        ],
        "list": None if page is None else _table(request, entities, browsing, page),
        "columns": _choices(entity, browsing, page),
        "links": {
            "first": address(request, browsing) if browsing.after else None,
            "next": page and page.next and address(request, browsing, after=page.next),
            "reset": request.console_path(LIST, entity=entity.name),
            "table": link_to(request, "/schema/tables/{name}", name=entity.table),
            "new": [
                (each, request.console_path(f"{LIST}/new", entity=each))
                for each in (entity.name, *entities.subclasses(entity))
            ],
            "csv": _csv(request, browsing),
            "spreadsheet": _csv(request, browsing, ("for", "spreadsheet")),
        },
        "size": PAGE,
    }


@console_view(f"{LIST}/csv", section="rows")
def as_csv(request: Request) -> Response:
    """Send all rows that the address asks for, as they are read."""
    entities = entities_of(request)
    browsing = browsing_of(request)
    spreadsheet = request.GET.get("for") == "spreadsheet"

    def lines() -> Iterator[bytes]:
        # The rows are read while they are sent: in a unit of their own, with its connection.
        connection = connection_of(request)
        for line in export(connection, entities, browsing, spreadsheet=spreadsheet):
            yield line.encode()

    found_or_not(lambda: export(connection_of(request), entities, browsing))
    return Response(
        content_type="text/csv",
        charset="utf-8",
        content_disposition=f"attachment; filename*=UTF-8''{quote(browsing.entity)}.csv",
        app_iter=lines(),
    )


@console_view(SUGGEST, section="rows")
def suggestions(request: Request) -> Response:
    """Return objects whose name holds ``q``, as JSON: pairs of a key and a name."""
    name, text = request.matchdict["entity"], request.GET.get("q", "")
    found = found_or_not(lambda: suggest(connection_of(request), entities_of(request), name, text))
    return Response(json_body=[{"key": key, "label": label} for key, label in found])


def _table(
    request: Request, entities: Entities, browsing: Browsing, page: Page
) -> Mapping[str, Any]:
    """Return the table of a page: the name of each row leads to the object."""
    label = entities.label(page.entity)
    # The name stands before the columns: it needn't be there twice. A related object is a link.
    twice = [label] if label else [each for each in _keys(page.entity) if not each.relation]
    columns = [each for each in page.columns if each not in twice]
    places = [page.columns.index(each) for each in columns]
    return {
        "name": _head(request, entities, browsing, page.entity, label),
        "columns": [_head(request, entities, browsing, page.entity, each) for each in columns],
        "rows": [
            {
                "label": row.label or "hidden",
                "href": row.key is not None and object_address(request, page.entity.name, row.key),
                "cells": [
                    shown_cell(request, page.columns[place], row.cells[place]) for place in places
                ],
            }
            for row in page.rows
        ],
    }


def _keys(entity: EntityFields) -> Iterator[Field]:
    return (each for each in entity.fields if each.key)


def _head(
    request: Request,
    entities: Entities,
    browsing: Browsing,
    entity: EntityFields,
    field: Field | None,
) -> Mapping[str, Any]:
    """Return the head of a column; a click on it sorts by it, another one the other way round."""
    keys = list(_keys(entity))
    if field is None and len(keys) > 1:
        title = ", ".join(each.name for each in keys)
        return {"title": title, "sort": None, "href": None, "style": "", "more": ""}
    field = field or keys[0]
    style = "" if field in keys else style_of(field)
    direction = {field.name: "ascending", f"-{field.name}": "descending"}.get(browsing.sort)
    other = f"-{field.name}" if direction == "ascending" else field.name
    sortable = can_sort(entities, entity, field)
    return {
        "title": field.name,
        "sort": direction,
        "href": address(request, browsing, sort=other) if sortable else None,
        "style": style,
        "more": "UTC" if field.kind == "datetime" else "",
    }


def _shown_filters(
    request: Request, entities: Entities, entity: EntityFields, browsing: Browsing
) -> Iterator[Mapping[str, str]]:
    for number, each in enumerate(browsing.filters):
        rest = browsing.filters[:number] + browsing.filters[number + 1 :]
        field = entity.find(each.field)
        known = () if field is None else operators(entities, entity, field)
        titles = {one.name: one for one in known}
        value = each.value
        if field is not None and field.relation is not None and value:
            target = field.relation.target
            value = name_of(connection_of(request), entities, target, value) or value
        operator = titles.get(each.operator)
        yield {
            "field": each.field,
            "operator": each.operator if operator is None else operator.title,
            "value": value if operator is None or operator.takes_value else "",
            "without": address(request, browsing, filters=rest),
        }


def _filterable(
    request: Request, entities: Entities, entity: EntityFields
) -> Sequence[Mapping[str, Any]]:
    """Return the fields to filter by, with what a script needs to help with the value."""
    label = entities.label(entity)
    return [
        {
            "name": each.name,
            "operators": json.dumps([(one.name, one.title, one.takes_value) for one in known]),
            "values": "\n".join(each.labels or _LISTS.get(each.kind, ())),
            "suggest": each.relation and request.console_path(SUGGEST, entity=each.relation.target),
        }
        for each in sorted(entity.fields, key=lambda each: each != label)
        if (known := operators(entities, entity, each))
        and not (each.relation and each.relation.hidden)
    ]


def _all_operators(entities: Entities, entity: EntityFields) -> Mapping[str, str]:
    """Return the operators of all fields, with their titles."""
    known = (one for each in entity.fields for one in operators(entities, entity, each))
    titles: dict[str, dict[str, None]] = {}
    for one in known:
        # Dates are before and after what numbers are less and more than.
        titles.setdefault(one.name, {})[one.title] = None
    return {name: " / ".join(found) for name, found in titles.items()}


def _choices(
    entity: EntityFields, browsing: Browsing, page: Page | None
) -> Sequence[tuple[str, bool]]:
    """Return the columns to choose from, and whether each is shown."""
    shown = {each.name for each in page.columns} if page else set(browsing.columns)
    return [(each.name, each.name in shown) for each in entity.columns]


def _csv(request: Request, browsing: Browsing, *more: tuple[str, str]) -> str:
    query = [pair for pair in query_of(browsing) if pair[0] != "after"]
    found: str = request.console_path(f"{LIST}/csv", entity=browsing.entity, _query=[*query, *more])
    return found


def _component(request: Request, entity: EntityFields) -> str:
    for each in request.registry[RUNNING].components:
        if f"{entity.module}.".startswith(f"{each.package}."):
            return str(each.name)
    return entity.module


def _first_line(entities: Entities, entity: EntityFields) -> str:
    return own_text(entities.database.entities[entity.name]).partition("\n")[0]
