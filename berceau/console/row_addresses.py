"""The addresses of pages of rows: which rows they show is in the query, so each can be kept."""

from collections.abc import Callable
from dataclasses import replace
from itertools import zip_longest
from typing import Any, TypeVar

from pyramid.request import Request

from berceau.errors import RowsError
from berceau.orm import db
from berceau.planner.privacy import Privacy
from berceau.postgres.core.connection import Connection
from berceau.web.problems import ProblemError
from berceau.web.registry import RUNNING, settings_of
from berceau.workflows.rows.browsing import Browsing
from berceau.workflows.rows.entities import Entities, read_entities
from berceau.workflows.rows.operators import Filter

LIST = "/rows/{entity}"
OBJECT = "/rows/{entity}/object"
SUGGEST = "/rows/{entity}/suggest"

T = TypeVar("T")


def entities_of(request: Request) -> Entities:
    """Return the application's entities, with what its settings say of secrets.

    Where the project has tenants and the address is of none, they are those of shared components.
    """
    settings = settings_of(request.registry.settings)
    found = read_entities(Privacy(settings.private_columns, settings.public_columns))
    if settings.tenants is None or request.tenant is not None:
        return found
    components = request.registry[RUNNING].components
    return found.shared_by([each.package for each in components if each.scope == "shared"])


def connection_of(_request: Request) -> Connection:
    """Return the connection of the request's unit of work."""
    found: Connection = db.get_connection()
    return found


def browsing_of(request: Request) -> Browsing:
    """Return which rows the query of an address asks for."""
    given = request.GET
    triples = zip_longest(*(given.getall(name) for name in ("where", "is", "value")), fillvalue="")
    return Browsing(
        entity=request.matchdict["entity"],
        columns=tuple(given.getall("column")),
        filters=tuple(Filter(*each) for each in triples if each[0]),
        sort=given.get("sort", ""),
        after=given.get("after", ""),
    )


def query_of(browsing: Browsing) -> list[tuple[str, str]]:
    """Return the query of the address that shows what ``browsing`` asks for."""
    filters = (
        pair
        for each in browsing.filters
        for pair in (("where", each.field), ("is", each.operator), ("value", each.value))
    )
    single = (("sort", browsing.sort), ("after", browsing.after))
    return [
        *(("column", each) for each in browsing.columns),
        *filters,
        *(pair for pair in single if pair[1]),
    ]


def address(request: Request, browsing: Browsing, **changes: Any) -> str:
    """Return the address of the first page of what ``browsing`` with ``changes`` asks for."""
    other = replace(browsing, **{"after": "", **changes})
    found: str = request.console_path(LIST, entity=other.entity, _query=query_of(other))
    return found


def object_address(request: Request, entity: str, key: str, page: str = "") -> str:
    """Return the address of an object: of what shows it, or of its ``page`` ``edit``, say."""
    path = f"{LIST}/{page}" if page else OBJECT
    found: str = request.console_path(path, entity=entity, _query=[("key", key)])
    return found


def found_or_not(look: Callable[[], T]) -> T:
    """Return what ``look`` returns; a ``RowsError`` of it is answered by 404, with what to do."""
    return _answered(look, 404, "There are no such rows")


def done_or_not(work: Callable[[], T]) -> T:
    """Return what ``work`` returns; a ``RowsError`` of it is answered by 409, with what to do."""
    return _answered(work, 409, "Nothing was changed")


def _answered(work: Callable[[], T], status: int, title: str) -> T:
    try:
        return work()
    except RowsError as error:
        raise ProblemError(status, f"{error.message} {error.cure}", title=title) from error
