"""A page of an entity's rows: filtered, sorted, and continued after the last row of the one before.

No row is counted, and a page of a large table takes what one of a small table takes, where an index
begins with what is filtered or sorted by.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from berceau.errors import RowsError
from berceau.orm.fields import EntityFields, Field
from berceau.postgres.core.connection import Connection
from berceau.postgres.rows.listing import ListedRow, Listing, Place, read_page
from berceau.postgres.rows.only_reading import only_reading
from berceau.workflows.rows.cells import CELL, Cell, cell_sql, label_sql, read_cell
from berceau.workflows.rows.entities import Entities
from berceau.workflows.rows.keys import write_key
from berceau.workflows.rows.operators import Filter, condition, of_classes

PAGE = 50
"""Rows of a page."""
PATIENCE = 5.0
"""Seconds that a query of a page may take."""
FIRST_COLUMNS = 8
"""How many columns are shown where none are chosen."""
_LARGE = {"long text", "json", "array", "bytes"}


@dataclass(frozen=True)
class Browsing:
    """Which rows to show: those of ``entity`` that all ``filters`` fit.

    ``columns`` are names of fields; without any, the first ones are shown. ``sort`` is the name of
    a field, after ``-`` for the opposite direction; without one, rows are sorted by the key.
    ``after`` is what the page before gave as ``next``.
    """

    entity: str
    columns: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    sort: str = ""
    after: str = ""


@dataclass(frozen=True)
class Row:
    """A row: its key as text, its name, and its cells; a key that is a secret isn't shown."""

    key: str | None
    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Page:
    """Some rows of an ``entity``; ``next`` is where those that follow begin, if any do."""

    entity: EntityFields
    columns: tuple[Field, ...]
    rows: tuple[Row, ...]
    next: str | None


def browse(
    connection: Connection,
    entities: Entities,
    browsing: Browsing,
    limit: int = PAGE,
    patience: float = PATIENCE,
) -> Page:
    """Return the page that ``browsing`` asks for, of ``limit`` rows at most.

    Raises ``RowsError`` for what can't be asked so, and where a query would take longer than
    ``patience``, in seconds.
    """
    entity = entities.find(browsing.entity)
    listing, columns = list_rows(entities, browsing, CELL)
    listing = replace(listing, cells=(label_sql(entities, entity), *listing.cells))
    after = _decode(browsing.after, entity, listing) if browsing.after else None
    with only_reading(connection, patience):
        found = read_page(connection, listing, after, limit + 1)
    secret = entities.has_secret_key(entity)
    rows = tuple(_row(entities, entity, columns, each, secret=secret) for each in found[:limit])
    more = len(found) > limit and not secret
    return Page(entity, columns, rows, _encode(found[limit - 1].place, listing) if more else None)


def list_rows(
    entities: Entities, browsing: Browsing, longest: int | None
) -> tuple[Listing, tuple[Field, ...]]:
    """Return what ``browsing`` asks for as a list of rows, and the fields of its cells.

    A cell has two values: see ``cell_sql``. Values are cut after ``longest`` characters.
    """
    entity = entities.find(browsing.entity)
    columns = chosen(entities, entity, browsing.columns)
    name = browsing.sort.removeprefix("-")
    sort = entities.field(entity, name) if name else None
    if sort is not None and not can_sort(entities, entity, sort):
        raise RowsError(
            f"Rows can't be sorted by {entity.name}.{name}.", cure="Sort by another attribute."
        )
    conditions = (condition(entities, entity, each) for each in browsing.filters)
    listing = Listing(
        table=entity.table,
        key=entity.key,
        cells=tuple(cell_sql(entities, entity, each, longest) for each in columns),
        conditions=(*of_classes(entity), *conditions),
        sort=None if sort is None else sort.columns[0],
        descending=browsing.sort.startswith("-"),
    )
    return listing, columns


def chosen(entities: Entities, entity: EntityFields, names: Sequence[str]) -> tuple[Field, ...]:
    """Return the fields called ``names``; without any, those that say most on little space."""
    if not names:
        return tuple(sorted(entity.columns, key=_space)[:FIRST_COLUMNS])
    found = tuple(entities.field(entity, each) for each in dict.fromkeys(names))
    for each in found:
        if each.many or not each.columns:
            raise RowsError(
                f"{entity.name}.{each.name} is no column: it is on the other side of a relation.",
                cure="Open an object to see what is related to it.",
            )
    return found


def _space(field: Field) -> int:
    """Return how much space the values of ``field`` take: those of most come in their order."""
    if field.key and field.kind not in {"uuid", "relation"}:
        return 0
    return 2 if field.kind in _LARGE or field.key else 1


def can_sort(entities: Entities, entity: EntityFields, field: Field) -> bool:
    """Return whether rows can be sorted by ``field``; the order of secrets would tell of them."""
    if not field.columns or field.kind in {"relation", "relations", "json", "other"}:
        return False
    return not entities.is_secret(entity, field)


def _row(
    entities: Entities,
    entity: EntityFields,
    columns: Sequence[Field],
    row: ListedRow,
    *,
    secret: bool,
) -> Row:
    label, *values = row.cells
    pairs = zip(values[::2], values[1::2], strict=True)
    return Row(
        key=None if secret else write_key(row.place.key),
        label=label or ("" if secret else write_key(row.place.key)),
        cells=tuple(
            read_cell(entities, entity, field, pair)
            for field, pair in zip(columns, pairs, strict=True)
        ),
    )


def _encode(place: Place, listing: Listing) -> str:
    # It names the order, too: the place of another list isn't one of this list.
    whole = [_order(listing), place.key, place.value, place.is_null]
    return urlsafe_b64encode(json.dumps(whole).encode()).decode().rstrip("=")


def _decode(text: str, entity: EntityFields, listing: Listing) -> Place:
    try:
        whole: Any = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        order, key, value, is_null = whole
        texts = [*key, value or ""]
        if (
            order == _order(listing)
            and len(key) == len(entity.key)
            and isinstance(is_null, bool)
            and all(isinstance(each, str) and "\0" not in each for each in texts)
        ):
            return Place(tuple(key), value, is_null)
    except (ValueError, TypeError):
        pass
    raise RowsError("This is no place in this list.", cure="Begin at its first page.")


def _order(listing: Listing) -> str:
    return "-" * listing.descending + ".".join((listing.table, *listing.order))
