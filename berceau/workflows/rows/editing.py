"""Objects made, changed and deleted as people ask: by the entities, in a unit of work.

A change that somebody else made meanwhile is never overwritten unseen. Only what was touched is
written, so changes of different fields don't get into each other's way.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from berceau.errors import RowsError
from berceau.orm.saving import Refused, find_by_key, key_of, refusal, save
from berceau.orm.session import unit_of_work
from berceau.orm.unit import UnitOfWork
from berceau.text import is_storable
from berceau.workflows.rows.entities import Entities
from berceau.workflows.rows.forms import Entry, Form, edit_form, new_form, typed_form
from berceau.workflows.rows.keys import read_key, write_key
from berceau.workflows.rows.looking import readable_key
from berceau.workflows.rows.values import UnreadableError, read_value

REQUIRED = "This is required."
_TEXTS = {"text", "long text"}
_WORDS = {
    "taken": "Another {} has this already.",
    "missing": "What this refers to was deleted meanwhile.",
}


@dataclass(frozen=True)
class Saved:
    """An object of ``entity`` that was written: its key as text."""

    entity: str
    key: str


def create(entities: Entities, name: str, posted: Mapping[str, str]) -> Saved | Form:
    """Make an object of the entity ``name`` from a form; return the form where that can't be.

    What is left empty gets its default. Raises ``RowsError``.
    """
    form = typed_form(new_form(entities, name), posted)
    declared = entities.database.entities[form.entity.name]
    with unit_of_work() as unit:
        given = [
            (entry, "" if _is_left_out(entry) else REQUIRED if _is_lacking(entry) else None)
            for entry in form.entries
        ]
        checked = [
            _checked(entities, declared, entry)
            if why is None
            else (replace(entry, error=why), None)
            for entry, why in given
        ]
        form = replace(form, entries=tuple(entry for entry, _ in checked))
        values = {
            entry.field.name: value
            for (entry, value), (_, why) in zip(checked, given, strict=True)
            if why is None
        }
        if form.has_errors:
            return form
        return _saved(entities, unit, form, lambda: declared(**values))


def change(
    entities: Entities, name: str, key: str, posted: Mapping[str, str]
) -> Saved | Form | None:
    """Change an object by what was typed; return the form where that can't be.

    ``None`` where there is no such object any more. Raises ``RowsError``.
    """
    entity = entities.find(name)
    parts = readable_key(entities, entity, key)
    with unit_of_work() as unit:
        found = find_by_key(entities.database.entities[name], parts, for_update=True)
        connection = entities.database.get_connection()
        stored = None if found is None else edit_form(connection, entities, name, key)
        if stored is None:
            return None
        form = typed_form(stored, posted)
        values: dict[str, Any] = {}
        entries = []
        for entry, before in zip(form.entries, stored.entries, strict=True):
            after = entry
            if _is_touched(entry, before):
                after, values[entry.field.name] = _changed(entities, type(found), entry, before)
            entries.append(after if after.error else replace(after, was=before.was))
        form = replace(form, entries=tuple(entries))
        if form.has_errors:
            return form

        def work() -> Any:
            found.set(**values)
            return found

        return _saved(entities, unit, form, work)


def delete(entities: Entities, name: str, key: str) -> str | None:
    """Delete an object, and what has to go with it. Return why it can't be, or ``None``.

    One that isn't there any more is deleted already. Raises ``RowsError``.
    """
    entity = entities.find(name)
    parts = readable_key(entities, entity, key)
    with unit_of_work() as unit:
        found = find_by_key(entities.database.entities[name], parts, for_update=True)
        if found is None:
            return None
        result = save(unit, entities.database, found.delete)
        return result.message if isinstance(result, Refused) else None


def link(entities: Entities, place: tuple[str, str, str], other: str, *, add: bool) -> str | None:
    """Put an object into a set of another, or take it out. Return why that can't be, or ``None``.

    ``place`` is an entity, the key of an object of it and the name of the set; ``other`` is the key
    of the object. Raises ``RowsError``.
    """
    name, key, field_name = place
    entity = entities.find(name)
    field = entities.field(entity, field_name)
    if field.relation is None or not field.many:
        return f"{name}.{field_name} is no set."
    target = entities.by_name[field.relation.target]
    declared = entities.database.entities
    with unit_of_work() as unit:
        one = find_by_key(declared[name], readable_key(entities, entity, key), for_update=True)
        two = find_by_key(declared[target.name], readable_key(entities, target, other))
        if one is None or two is None:
            return "One of both was deleted meanwhile."
        if field.relation.hidden:  # only the other side has a name
            one, two, field_name = two, one, field.relation.reverse
        items = getattr(one, field_name)
        result = save(unit, entities.database, lambda: items.add(two) if add else items.remove(two))
        return result.message if isinstance(result, Refused) else None


def _is_left_out(entry: Entry) -> bool:
    """Return whether nothing was given, and needn't be."""
    if entry.text or entry.is_null:
        return False
    cleared = entry.field.kind in _TEXTS and entry.field.default and not entry.field.required
    return not cleared and (entry.field.made or not entry.field.required)


def _is_lacking(entry: Entry) -> bool:
    return entry.field.required and not entry.text


def _is_touched(entry: Entry, before: Entry) -> bool:
    if entry.secret:
        return bool(entry.text) or entry.is_null
    return entry.digest not in {entry.was, before.digest}


def _changed(entities: Entities, declared: Any, entry: Entry, before: Entry) -> tuple[Entry, Any]:
    """Return an entry that was touched, with its error or its value."""
    if entry.was != before.was:
        other = before.label or before.text or "nothing"
        told = "Somebody changed this meanwhile. Save again to overwrite it."
        return replace(entry, error=told, stored=other, was=before.was), None
    if _is_lacking(entry):
        return replace(entry, error=REQUIRED), None
    return _checked(entities, declared, entry)


def _checked(entities: Entities, declared: Any, entry: Entry) -> tuple[Entry, Any]:
    """Return an entry with its error, or its value."""
    try:
        value = _value(entities, entry)
    except UnreadableError as error:
        return replace(entry, error=str(error)), None
    why = refusal(declared, entry.field.name, value)
    if why is None and value is None and not entry.field.nullable:
        why = REQUIRED
    if why is not None and entry.secret:
        why = "This can't be stored."
    return replace(entry, error=why or ""), value


def _value(entities: Entities, entry: Entry) -> Any:
    field = entry.field
    if not is_storable(entry.text):
        raise UnreadableError("A character of this can't be stored.")
    if entry.is_null and field.nullable:
        return None
    if not entry.text and field.kind not in _TEXTS:
        return None
    if field.relation is not None:
        return _object(entities, field.relation.target, entry.text)
    return read_value(field, entry.text, entry.zone)


def _object(entities: Entities, target: str, text: str) -> Any:
    try:
        key = read_key(entities.by_name[target], text)
    except RowsError as error:
        raise UnreadableError(error.message) from None
    found = find_by_key(entities.database.entities[target], key)
    if found is None:
        raise UnreadableError(f"There is no {target} with this key: choose one of the list.")
    return found


def _saved(entities: Entities, unit: UnitOfWork, form: Form, work: Any) -> Saved | Form:
    result = save(unit, entities.database, work)
    if not isinstance(result, Refused):
        return Saved(type(result).__name__, write_key(key_of(result)))
    told = _WORDS[result.kind].format(form.entity.name) if result.kind in _WORDS else result.message
    named = set(result.attributes) & {each.field.name for each in form.entries}
    if not named:
        return replace(form, problem=result.message)
    entries = (
        replace(each, error=told if each.field.name in named else "") for each in form.entries
    )
    return replace(form, entries=tuple(entries))
