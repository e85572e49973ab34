"""The form of an object as a template shows it: which control fits each field."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import available_timezones

from pyramid.request import Request

from berceau.console.row_addresses import SUGGEST
from berceau.orm.fields import Field
from berceau.workflows.rows.forms import Entry, Form

PREFIX = "f."
"""Before the name of each field: another name could be that of the form's own."""
_LONG = 120
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)?")
_BREAKS = ("\n", "\r")
_HINTS = {
    "integer": "A whole number",
    "decimal": "Such as 12.50",
    "time": "Such as 15:04",
    "interval": "Such as 1 day 02:30:00",
    "json": "JSON",
    "array": 'A list as JSON: ["one", "two"]',
    "bytes": "Hexadecimal digits",
    "date": "Such as 2026-01-31",
}


@dataclass(frozen=True)
class Control:
    """A control of a form: an ``entry``, and how it is asked for.

    ``kind`` is ``input``, ``area``, ``choice``, ``object``, ``moment`` or ``secret``.
    """

    entry: Entry
    kind: str
    name: str
    id: str
    choices: tuple[str, ...] = ()
    suggest: str | None = None
    remark: str = ""
    first: bool = False

    @property
    def type(self) -> str:
        """Which text box it is; a browser's own for dates would lose what isn't one of its."""
        is_date = self.entry.field.kind == "date" and _DATE.fullmatch(self.entry.text)
        return "date" if is_date else "text"

    @property
    def hint(self) -> str:
        """What to write."""
        return "" if self.type == "date" else _HINTS.get(self.entry.field.kind, "")

    @property
    def rows(self) -> int:
        """How many lines of text are shown."""
        return min(max(self.entry.text.count("\n") + 2, len(self.entry.text) // 80, 4), 20)

    @property
    def state(self) -> Mapping[str, str]:
        """The HTML attributes that tie the control to what is said about it."""
        about = [f"{self.id}-error"] if self.entry.error else []
        about += [f"{self.id}-hint"] if self.hint else []
        state = {"aria-describedby": " ".join(about)} if about else {}
        if self.entry.error:
            state["aria-invalid"] = "true"
        return state | ({"autofocus": "autofocus"} if self.first else {})

    @property
    def is_code(self) -> bool:
        """Whether each character counts."""
        return self.entry.field.kind in {"json", "array", "bytes", "uuid"}


def controls(request: Request, form: Form) -> list[Control]:
    """Return the controls of ``form``; the first one that is wrong gets the focus."""
    wrong = next((each.field.name for each in form.entries if each.error), None)
    return [
        _control(
            request,
            each,
            number,
            remark=_remark(each.field, new=form.key is None),
            first=each.field.name == wrong,
        )
        for number, each in enumerate(form.entries)
    ]


def zones() -> list[str]:
    """Return the names of all time zones."""
    return sorted(available_timezones())


def posted_fields(posted: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields of a form that was sent, without what else it holds."""
    return {
        name.removeprefix(PREFIX): value
        for name, value in posted.items()
        if name.startswith(PREFIX) and isinstance(value, str)
    }


def _remark(field: Field, *, new: bool) -> str:
    """Return what is said beside the name of a field."""
    if field.required and not (new and field.made):
        return "required"
    if field.relation is not None:
        return field.relation.target
    return "made if it is left empty" if new and field.made and field.default is None else ""


def _control(request: Request, entry: Entry, number: int, *, remark: str, first: bool) -> Control:
    field = entry.field
    relation = field.relation
    return Control(
        entry,
        _kind(entry),
        PREFIX + field.name,
        f"field-{number}",
        choices=_choices(field),
        suggest=request.console_path(SUGGEST, entity=relation.target) if relation else None,
        remark=remark,
        first=first,
    )


def _kind(entry: Entry) -> str:
    field = entry.field
    if entry.secret:
        return "secret"
    if field.relation is not None:
        return "object"
    if field.kind == "datetime":
        return "moment"
    if field.kind in {"enum", "boolean"}:
        return "choice"
    # A text box of one line would lose the ends of lines, and the value would seem changed.
    long = len(entry.text) > _LONG or any(each in entry.text for each in _BREAKS)
    return "area" if long or field.kind in {"long text", "json", "array"} else "input"


def _choices(field: Field) -> tuple[str, ...]:
    known = field.labels or (("false", "true") if field.kind == "boolean" else ())
    return known if field.required and not field.made else ("", *known)
