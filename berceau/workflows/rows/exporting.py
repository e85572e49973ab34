"""Rows as CSV, as many as there are: they are written while they are read."""

import csv
from collections.abc import Iterator, Sequence
from typing import Any

from berceau.orm.fields import EntityFields, Field
from berceau.postgres.core.connection import Connection
from berceau.postgres.rows.listing import Listing, read_all
from berceau.postgres.rows.only_reading import only_reading
from berceau.settings.secrets import HIDDEN
from berceau.workflows.rows.browsing import Browsing, list_rows
from berceau.workflows.rows.cells import read_cell
from berceau.workflows.rows.entities import Entities

PATIENCE = 300.0
"""Seconds that the first rows of a sorted table may take."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Where a spreadsheet takes a text for something to compute."""


def export(
    connection: Connection, entities: Entities, browsing: Browsing, *, spreadsheet: bool = False
) -> Iterator[str]:
    """Return the lines of a CSV file: a header, and all rows that ``browsing`` asks for.

    NULL is an empty field, and a related object its key. For a ``spreadsheet``, a text that it
    would compute begins with an apostrophe. Raises ``RowsError`` at once for what can't be
    asked so.
    """
    listing, columns = list_rows(entities, browsing, None)
    entity = entities.find(browsing.entity)

    def cells(values: tuple[Any, ...]) -> list[str]:
        pairs = zip(columns, zip(values[::2], values[1::2], strict=True), strict=True)
        return [_text(entities, entity, field, pair, spreadsheet) for field, pair in pairs]

    return _lines(connection, listing, [each.name for each in columns], cells)


def _lines(
    connection: Connection, listing: Listing, names: Sequence[str], cells: Any
) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(names)
    with only_reading(connection, PATIENCE):
        for values in read_all(connection, listing):
            yield writer.writerow(cells(values))


class _Echo:
    """Gives back what is written to it: ``writerow`` returns that."""

    def write(self, text: str) -> str:
        return text


def _text(
    entities: Entities,
    entity: EntityFields,
    field: Field,
    values: tuple[Any, Any],
    spreadsheet: bool,
) -> str:
    cell = read_cell(entities, entity, field, values)
    text = HIDDEN if cell.hidden else cell.key or cell.text or ""
    is_text = field.kind in {"text", "long text", "json", "array", "relation", "other"}
    return f"'{text}" if spreadsheet and is_text and text.startswith(_FORMULA) else text
