"""One object: shown with what is related to it, made, changed, linked and deleted."""

from collections.abc import Mapping
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from berceau.console.row_addresses import (
    LIST,
    OBJECT,
    SUGGEST,
    address,
    connection_of,
    done_or_not,
    entities_of,
    found_or_not,
    object_address,
)
from berceau.console.row_cells import ShownCell, shown_cell
from berceau.console.row_forms import PREFIX, controls, posted_fields, zones
from berceau.console.views import console_view, link_to
from berceau.orm.fields import Field
from berceau.web.problems import ProblemError
from berceau.workflows.rows.browsing import Browsing
from berceau.workflows.rows.cascades import digest, effects_of_deletion
from berceau.workflows.rows.cells import Cell
from berceau.workflows.rows.editing import Saved, change, create, delete, link
from berceau.workflows.rows.forms import Form, edit_form, named_form, new_form, typed_form
from berceau.workflows.rows.looking import LARGE, Related, Seen, look_at, with_related

CHANGED = "Others have changed meanwhile. Look again at what it does."
_LARGE = 240
"""Values of more characters get a box of their own."""


@console_view(OBJECT, section="rows", template="object.pt")
def shown(request: Request) -> dict[str, Any]:
    """Show an object, and what is related to it in both directions."""
    entities, connection = entities_of(request), connection_of(request)
    seen = with_related(connection, entities, _look(request))
    name = seen.entity.name
    return {
        "seen": seen,
        "values": [_value(request, field, cell) for field, cell in seen.values],
        "related": [_related(request, seen, each) for each in seen.related],
        "largest": f"{LARGE:,}",
        "links": {
            "rows": request.console_path(LIST, entity=name),
            "edit": object_address(request, name, seen.key, "edit"),
            "delete": object_address(request, name, seen.key, "delete"),
            "link": link_to(request, f"{LIST}/link", entity=name, _query=[("key", seen.key)]),
            "table": link_to(request, "/schema/tables/{name}", name=seen.entity.table),
        },
    }


@console_view(f"{LIST}/new", section="rows", template="object_form.pt")
def new(request: Request) -> dict[str, Any]:
    """Show the form for a new object; the address may fill fields."""
    _require_changes(request)
    entities = entities_of(request)
    form = found_or_not(lambda: new_form(entities, request.matchdict["entity"]))
    return _form(request, typed_form(form, posted_fields(request.GET)))


@console_view(f"{LIST}/new", section="rows", template="object_form.pt", method="POST")
def make(request: Request) -> Any:
    """Make an object of what was typed."""
    connection_of(request)
    entities = entities_of(request)
    posted = posted_fields(request.POST)
    result = done_or_not(lambda: create(entities, request.matchdict["entity"], posted))
    return _saved(request, result, "was made")


@console_view(f"{LIST}/edit", section="rows", template="object_form.pt")
def edited(request: Request) -> dict[str, Any]:
    """Show the form of an object."""
    _require_changes(request)
    name, key = _place(request)
    form = found_or_not(lambda: edit_form(connection_of(request), entities_of(request), name, key))
    if form is None:
        raise _gone(name)
    return _form(request, form)


@console_view(f"{LIST}/edit", section="rows", template="object_form.pt", method="POST")
def edit(request: Request) -> Any:
    """Change an object as was typed."""
    connection_of(request)
    name, key = _place(request)
    posted = posted_fields(request.POST)
    result = done_or_not(lambda: change(entities_of(request), name, key, posted))
    if result is None:
        raise _gone(name)
    return _saved(request, result, "was saved")


@console_view(f"{LIST}/delete", section="rows", template="object_delete.pt")
def before_deletion(request: Request) -> dict[str, Any]:
    """Show what the deletion of an object would do to others."""
    _require_changes(request)
    return _deletion(request, problem="")


@console_view(f"{LIST}/delete", section="rows", template="object_delete.pt", method="POST")
def remove(request: Request) -> Any:
    """Delete an object, and what has to go with it."""
    name, key = _place(request)
    before = _deletion(request, CHANGED)
    if request.POST.get("seen") != before["digest"]:
        request.response.status = 409
        return before
    problem = done_or_not(lambda: delete(entities_of(request), name, key))
    if problem is not None:
        request.response.status = 409
        return _deletion(request, problem)
    request.flash(f"{name} {key} was deleted.")
    return HTTPSeeOther(request.console_path(LIST, entity=name))


@console_view(f"{LIST}/link", section="rows", method="POST")
def linked(request: Request) -> Response:
    """Put an object into a set, or take it out."""
    connection_of(request)
    name, key = _place(request)
    field, other = str(request.POST.get("set", "")), str(request.POST.get("other", ""))
    add = request.POST.get("do") != "remove"
    entities = entities_of(request)
    problem = done_or_not(lambda: link(entities, (name, key, field), other, add=add))
    if problem is not None:
        raise ProblemError(409, problem, title="This can't be linked")
    request.flash(f"{other} was {'added to' if add else 'removed from'} {field}.")
    return HTTPSeeOther(object_address(request, name, key))


def _place(request: Request) -> tuple[str, str]:
    return request.matchdict["entity"], request.GET.get("key", "")


def _look(request: Request) -> Seen:
    name, key = _place(request)
    seen = found_or_not(lambda: look_at(connection_of(request), entities_of(request), name, key))
    if seen is None:
        raise _gone(name)
    return seen


def _gone(name: str) -> ProblemError:
    return ProblemError(
        404, "It may have been deleted meanwhile.", title=f"There is no such {name}"
    )


def _require_changes(request: Request) -> None:
    """Refuse a form that nothing takes: in production, rows can only be read."""
    if link_to(request, f"{LIST}/link", entity=request.matchdict["entity"]) is None:
        raise ProblemError(403, "In production, the console only reads.", title="Read only")


def _value(request: Request, field: Field, cell: Cell) -> Mapping[str, Any]:
    found = shown_cell(request, field, cell)
    boxed = field.kind == "json" or len(found.text) > _LARGE or "\n" in found.text
    return {
        "name": field.name,
        "kind": field.relation.target if field.relation else field.kind,
        "cell": found,
        "boxed": boxed and cell.text is not None,
        "cut": cell.cut,
        "zone": " UTC" if field.kind == "datetime" and cell.text else "",
    }


def _related(request: Request, seen: Seen, related: Related) -> Mapping[str, Any]:
    """Return a relation with its first objects, and the ways to all and to a new one."""
    relation = related.field.relation
    link = relation is not None and relation.link is not None
    hidden = relation is not None and relation.hidden
    new = [(f"{PREFIX}{related.filter.field}", seen.key)]
    return {
        "name": f"{related.target}.{related.filter.field}" if hidden else related.field.name,
        "target": related.target,
        "rows": [
            (
                ShownCell(
                    row.label,
                    row.key and object_address(request, related.target, row.key),
                    "words",
                ),
                row.key,
            )
            for row in related.rows
        ],
        "more": related.more,
        "problem": related.problem,
        "all": address(request, Browsing(related.target, filters=(related.filter,))),
        "set": related.field.name if link else None,
        "suggest": request.console_path(SUGGEST, entity=related.target),
        "new": None
        if link
        else request.console_path(f"{LIST}/new", entity=related.target, _query=new),
    }


def _form(request: Request, form: Form) -> dict[str, Any]:
    entities = entities_of(request)
    form = named_form(connection_of(request), entities, form)
    shown = controls(request, form)
    name, key = form.entity.name, form.key
    return {
        "form": form,
        "controls": shown,
        "wrong": [each for each in shown if each.entry.error],
        "zones": zones() if any(each.kind == "moment" for each in shown) else (),
        "links": {
            "rows": request.console_path(LIST, entity=name),
            "object": None if key is None else object_address(request, name, key),
            "save": request.console_path(f"{LIST}/new", entity=name)
            if key is None
            else object_address(request, name, key, "edit"),
        },
    }


def _saved(request: Request, result: Saved | Form, what: str) -> Any:
    if isinstance(result, Form):
        request.response.status = 422
        return _form(request, result)
    request.flash(f"{result.entity} {result.key} {what}.")
    return HTTPSeeOther(object_address(request, result.entity, result.key))


def _deletion(request: Request, problem: str) -> dict[str, Any]:
    seen = _look(request)
    effects = effects_of_deletion(
        connection_of(request), entities_of(request), seen.entity.name, seen.key
    )
    return {
        "seen": seen,
        "effects": effects,
        "digest": digest(effects),
        "refused": any(each.action == "refuse" for each in effects),
        "problem": problem,
        "links": {
            "rows": request.console_path(LIST, entity=seen.entity.name),
            "object": object_address(request, seen.entity.name, seen.key),
            "delete": object_address(request, seen.entity.name, seen.key, "delete"),
        },
    }
