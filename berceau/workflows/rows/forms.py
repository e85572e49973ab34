"""A form for an object: what each field holds as text, what was typed, and what is wrong."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

from berceau.orm.fields import EntityFields, Field
from berceau.postgres.core.connection import Connection
from berceau.workflows.rows.cells import Cell
from berceau.workflows.rows.entities import Entities
from berceau.workflows.rows.looking import look_at, name_of
from berceau.workflows.rows.values import write_value

EDITABLE = 100_000
"""How many characters a value has at most that can be edited."""
_ZONE = "UTC"
_TEXTS = {"text", "long text"}
_OFFSET = "+00"
"""How PostgreSQL ends a moment in UTC."""


@dataclass(frozen=True)
class Entry:
    """A field of a form.

    ``text`` is what it holds, for a datetime in the time ``zone``; ``is_null`` tells NULL from an
    empty text. ``label`` is the name of a related object. ``was`` is a digest of what was stored
    when the form was made: by it, a change by somebody else is noticed, and ``stored`` is that
    change. ``error`` is what is wrong with the text. A ``secret`` is never shown: an empty text
    leaves it as it is.
    """

    field: Field
    text: str = ""
    zone: str = ""
    is_null: bool = False
    label: str = ""
    was: str = ""
    error: str = ""
    stored: str | None = None
    secret: bool = False

    @property
    def digest(self) -> str:
        """What tells this value from others, without showing it."""
        text = "\0" if self.is_null else lines(self.text)
        return sha256(f"{text}\0{self.zone}".encode("utf-8", "replace")).hexdigest()[:24]


@dataclass(frozen=True)
class Form:
    """A form for an object of ``entity``, called ``label``; for a new one, there is no ``key``.

    ``problem`` is what is wrong with the whole. Fields whose values are ``too_large`` to be edited
    have no entry, and stay as they are.
    """

    entity: EntityFields
    entries: tuple[Entry, ...]
    key: str | None = None
    label: str = ""
    problem: str = ""
    too_large: tuple[str, ...] = ()

    @property
    def has_errors(self) -> bool:
        """Whether it can't be saved like this."""
        return bool(self.problem) or any(each.error for each in self.entries)

    def find(self, name: str) -> Entry | None:
        """Return the entry of the field called ``name``."""
        return next((each for each in self.entries if each.field.name == name), None)


def new_form(entities: Entities, name: str) -> Form:
    """Return the form for a new object of the entity ``name``, filled with defaults."""
    entity = entities.find(name)
    entries = (
        Entry(
            each,
            write_value(each, each.default),
            zone=_ZONE if each.kind == "datetime" else "",
            is_null=each.nullable and each.kind in _TEXTS and not each.made,
            secret=entities.is_secret(entity, each),
        )
        for each in _fields(entity, new=True)
    )
    return Form(entity, tuple(entries))


def edit_form(connection: Connection, entities: Entities, name: str, key: str) -> Form | None:
    """Return the form for an object by its key; ``None`` where there is none.

    Raises ``RowsError``.
    """
    seen = look_at(connection, entities, name, key, longest=EDITABLE)
    if seen is None:
        return None
    cells = {field.name: cell for field, cell in seen.values}
    entries = tuple(
        _entry(each, cells[each.name], secret=entities.is_secret(seen.entity, each))
        for each in _fields(seen.entity, new=False)
        if not cells[each.name].cut
    )
    too_large = tuple(field.name for field, cell in seen.values if cell.cut)
    return Form(seen.entity, entries, seen.key, seen.label, too_large=too_large)


def typed_form(form: Form, posted: Mapping[str, str]) -> Form:
    """Return ``form`` with what was typed in place of what it held.

    A field is posted by its name, its zone as ``name.zone``, a checked box for NULL as
    ``name.null``, and the digest as ``name.was``. What isn't posted stays.
    """
    return replace(form, entries=tuple(_typed(each, posted) for each in form.entries))


def named_form(connection: Connection, entities: Entities, form: Form) -> Form:
    """Return ``form`` with the names of the objects that were chosen."""
    return replace(form, entries=tuple(_named(connection, entities, each) for each in form.entries))


def _named(connection: Connection, entities: Entities, entry: Entry) -> Entry:
    relation = entry.field.relation
    if relation is None or entry.label or not entry.text:
        return entry
    return replace(entry, label=name_of(connection, entities, relation.target, entry.text) or "")


def lines(text: str) -> str:
    """Return ``text`` with the ends of lines that all systems have: browsers send others."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _fields(entity: EntityFields, *, new: bool) -> Iterator[Field]:
    for each in entity.columns:
        numbered = each.key and each.made and each.kind == "integer"
        discriminator = each.columns == (entity.discriminator,)
        if not (discriminator or (numbered if new else each.fixed)):
            yield each


def _entry(field: Field, cell: Cell, *, secret: bool) -> Entry:
    text = "" if cell.text is None or secret else cell.text
    zone = ""
    if field.kind == "datetime":
        text, zone = text.removesuffix(_OFFSET), _ZONE
    if field.relation is not None:
        text = cell.key or ""
    # An empty field says enough, but of a text.
    is_null = cell.text is None and field.nullable and field.kind in _TEXTS
    label = (cell.text or "") if field.relation is not None else ""
    entry = Entry(field, text, zone, is_null and not secret, label, secret=secret)
    return replace(entry, was=entry.digest)


def _typed(entry: Entry, posted: Mapping[str, str]) -> Entry:
    name = entry.field.name
    if name not in posted:
        return entry
    typed = replace(
        entry,
        text=lines(posted[name]),
        zone=posted.get(f"{name}.zone", entry.zone) if entry.zone else "",
        is_null=f"{name}.null" in posted and not posted[name],  # who writes a text means it
        was=posted.get(f"{name}.was", entry.was),
    )
    return typed if typed.text == entry.text else replace(typed, label="")
