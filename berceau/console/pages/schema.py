"""The schema: a diagram of all tables, and a page for each table and each enum."""

from collections.abc import Iterator
from typing import Any

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response

from berceau.console import formats
from berceau.console.target import scope_of
from berceau.console.views import console_view, link_to
from berceau.orm import db
from berceau.web.registry import settings_of
from berceau.workflows.describe.describing import describe
from berceau.workflows.describe.description import (
    DescribedColumn,
    DescribedEnum,
    DescribedIndex,
    DescribedTable,
    Description,
    Relation,
)
from berceau.workflows.describe.diagram import to_diagram
from berceau.workflows.describe.prose import paragraphs

TABLE = "/schema/tables/{name}"
ENUM = "/schema/enums/{name}"


@console_view("/schema", section="schema", template="schema.pt")
def schema(request: Request) -> dict[str, Any]:
    """Show the diagram, and all tables by component."""
    found = _describe(request)
    groups: list[tuple[str | None, str]] = [
        (each.name, " ".join(filter(None, (*each.text.splitlines()[:1], each.whose))))
        for each in found.components
    ]
    if found.has_others:
        groups.append((None, "Tables that no component declares."))
    return {
        "description": found,
        "groups": [
            {
                "name": name,
                "text": text,
                "tables": [_row(request, each) for each in found.tables_of(name)],
                "enums": [
                    (each.name, link_to(request, ENUM, name=each.name))
                    for each in found.enums_of(name)
                ],
            }
            for name, text in groups
        ],
        "source": request.console_path("/schema/diagram.json"),
    }


@console_view("/schema/diagram.json", section="schema")
def diagram(request: Request) -> Response:
    """Return what the diagram draws, with the address of each table's page."""
    drawn = to_diagram(_describe(request))
    for table in drawn["tables"]:
        table["href"] = link_to(request, TABLE, name=table["name"])
    return Response(json_body=drawn, content_type="application/json")


@console_view("/schema/tables/{name:.+}", section="schema", template="table.pt")
def table(request: Request) -> dict[str, Any]:
    """Show all that is known of a table."""
    description = _describe(request)
    found = description.table(request.matchdict["name"])
    if found is None:
        raise HTTPNotFound
    entities = [
        {
            "entity": each,
            "paragraphs": paragraphs(each.text),
            "rows": link_to(request, "/rows/{entity}", entity=each.name),
            "relations": [_relation(request, relation) for relation in each.relations],
        }
        for each in found.entities
    ]
    return {
        "table": found,
        "entities": entities,
        "figures": list(_figures(found, description)),
        "columns": [_column(request, each, description) for each in found.columns],
        "has_texts": any(each.text for each in found.columns),
        "referring": [
            (each.name, ", ".join(columns), link_to(request, TABLE, name=each.name))
            for each, columns in description.referring_to(found.name)
        ],
        "indexes": [_index(each) for each in found.indexes],
        "since": description.since,
        "in_diagram": request.console_path("/schema", _anchor=f"table={found.name}&neighbours=1"),
        "migration": _migration(request, found.migration),
    }


@console_view("/schema/enums/{name:.+}", section="schema", template="enum.pt")
def enum(request: Request) -> dict[str, Any]:
    """Show the values of an enum, and where it is used."""
    description = _describe(request)
    found: DescribedEnum | None = description.enum(request.matchdict["name"])
    if found is None:
        raise HTTPNotFound
    return {
        "enum": found,
        "paragraphs": paragraphs(found.text),
        "labels": [(each, _migration(request, each.migration)) for each in found.labels],
        "uses": [
            (table, column, link_to(request, TABLE, name=table)) for table, column in found.used_by
        ],
        "migration": _migration(request, found.migration),
    }


def _describe(request: Request) -> Description:
    return describe(settings_of(request.registry.settings), db.get_connection())


def _row(request: Request, table: DescribedTable) -> dict[str, Any]:
    """Return a table as a line of the list."""
    rows = "" if table.rows is None else formats.about(table.rows)
    if table.bytes is None and scope_of(request) == "shared":
        rows = "per tenant"
    return {
        "table": table,
        "href": link_to(request, TABLE, name=table.name),
        "text": table.text.partition("\n")[0] or _pairs(table),
        "rows": rows,
        "size": "" if table.bytes is None else formats.size(table.bytes),
    }


def _pairs(table: DescribedTable) -> str:
    return f"The pairs of {' and '.join(table.links)}." if table.is_link else ""


def _figures(table: DescribedTable, description: Description) -> Iterator[tuple[str, str, str]]:
    if table.rows is not None:
        yield "Rows", formats.about(table.rows), ""
    if table.bytes is not None:
        yield "Size", formats.size(table.bytes), ""
    yield "Columns", str(len(table.columns)), ""
    known = [each.bytes for each in table.indexes if each.bytes is not None]
    yield "Indexes", str(len(table.indexes)), formats.size(sum(known)) if known else ""
    yield "Refers to", str(len({each.target for each in table.table.foreign_keys})), ""
    yield "Referred to by", str(len(list(description.referring_to(table.name)))), ""


def _column(request: Request, column: DescribedColumn, description: Description) -> dict[str, Any]:
    target = column.refers_to and link_to(request, TABLE, name=column.refers_to[0])
    enum = description.enum_of(column)
    return {
        "column": column,
        "target": target,
        "enum": link_to(request, ENUM, name=enum.name) if enum else None,
        "paragraphs": paragraphs(column.text),
        "migration": _migration(request, column.migration),
    }


def _relation(request: Request, relation: Relation) -> dict[str, Any]:
    return {
        "relation": relation,
        "href": link_to(request, TABLE, name=relation.target_table),
        "link": link_to(request, TABLE, name=relation.link) if relation.link else None,
    }


def _index(index: DescribedIndex) -> dict[str, Any]:
    return {
        "index": index.index,
        "constraint": index.constraint,
        "size": "" if index.bytes is None else formats.size(index.bytes),
        "scans": "" if index.scans is None else f"{index.scans:,}",
        "unused": index.scans == 0 and not index.constraint,
    }


def _migration(request: Request, name: str | None) -> tuple[str, str | None] | None:
    """Return a migration's name, and the address of its page."""
    return (name, link_to(request, "/migrations/{name}", name=name)) if name else None
