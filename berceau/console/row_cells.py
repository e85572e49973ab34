"""Values of rows as templates show them."""

from dataclasses import dataclass

from pyramid.request import Request

from berceau.console.row_addresses import object_address
from berceau.orm.fields import Field
from berceau.workflows.rows.cells import Cell

_OFFSET = "+00"
_NUMBERS = {"integer", "decimal", "float"}
_CODE = {"json", "array", "bytes", "uuid", "other"}


@dataclass(frozen=True)
class ShownCell:
    """A value: its ``text``, where it leads to, and the names of its style."""

    text: str
    href: str | None
    style: str


def shown_cell(request: Request, field: Field, cell: Cell) -> ShownCell:
    """Return the ``cell`` of ``field`` as a template shows it."""
    absent = "absent number" if field.kind in _NUMBERS else "absent"
    if cell.hidden:
        return ShownCell("hidden", None, absent)
    if cell.text is None:
        return ShownCell("NULL", None, absent)
    text = cell.text.removesuffix(_OFFSET) if field.kind == "datetime" else cell.text
    if text == "":
        return ShownCell("empty", None, absent)
    href = None
    if field.relation is not None and cell.key is not None:
        href = object_address(request, field.relation.target, cell.key)
    return ShownCell(f"{text}…" if cell.cut else text, href, style_of(field))


def style_of(field: Field) -> str:
    """Return the names of the style of a field's values."""
    if field.kind in _NUMBERS:
        return "number"
    if field.kind in _CODE:
        return "code"
    return "moment" if field.kind in {"date", "time", "datetime", "interval"} else "words"
