"""How the values of a column become those of another type, where the plain cast isn't meant."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from berceau.errors import MigrationError
from berceau.schema.casts import cast, unlimited
from berceau.schema.changes import (
    AlterColumn,
    Change,
    DeleteRows,
    DropColumn,
    DropTable,
    RebuildEnum,
    Recode,
)
from berceau.schema.choices import Choices
from berceau.schema.model import Enum
from berceau.schema.names import literal_text, quote_literal, quote_name

Labels = tuple[tuple[str, str], ...]
"""Pairs of a value that goes and the label that its rows get."""

_LENGTH = re.compile(r"character( varying)?\(\d+\)(\[\])?")


def retypes(change: Change | None) -> bool:
    """Return whether ``change`` gives a column another type."""
    return isinstance(change, AlterColumn) and change.before.type != change.after.type


def loses(change: Change) -> bool:
    """Return whether ``change`` loses data: no other one could give it back."""
    match change:
        case DropTable() | DeleteRows():
            return True
        case DropColumn():
            return not change.elsewhere
        case Recode():
            return bool(change.merged)
        case RebuildEnum(before, uses=uses, mapping=mapping):
            new = [label for _, label in mapping]
            merged = len({*new}) < len(new) or not {*new}.isdisjoint(before.labels)
            return merged or any(use.merged for use in uses)
        case AlterColumn(_, before, after, using, exact) if retypes(change):
            plain = cast("", before.type, after.type)
            lossy = using is not None and not exact
            return lossy or (plain is not None and plain.may_lose)
    return False


def enum_of(sql_type: str, enums: Iterable[Enum]) -> Enum | None:
    """Return the one of ``enums`` that ``sql_type`` is, or an array of."""
    name = sql_type.removesuffix("[]")
    return next((enum for enum in enums if quote_name(enum.name) == name), None)


def converted(change: AlterColumn, enums: Iterable[Enum], choices: Choices) -> AlterColumn:
    """Return ``change`` with the SQL that ``choices`` give for its new values, if they do."""
    place = change.table, change.after.name
    if not retypes(change):
        return change
    if place in choices.usings:
        return replace(change, using=choices.usings[place])
    enum = enum_of(change.after.type, enums)
    labels = chosen_labels(enum, choices) if enum else ()
    values = {**dict(labels), **recoded(change, choices)}
    shorter = cut(change) if choices.cuts else None
    if not values:
        return replace(change, using=shorter)
    sql_type = change.after.type if enum or shorter else unlimited(change.after.type)
    merged = labels or shorter or any(each[:2] == place for each in choices.merged)
    using = relabelled(quote_name(place[1]), sql_type, tuple(values.items()))
    return replace(change, using=using, exact=not merged)


def recoded(change: AlterColumn, choices: Choices) -> Mapping[str, str]:
    """Return the values of a discriminator, as text, that become others.

    Where migrations don't record what its values stand for, that is the root's, its default.
    """
    place = change.table, change.after.name
    if place in choices.values:
        return choices.values[place]
    if change.before.default is None or change.after.default is None:
        return {}
    before, after = literal_text(change.before.default), literal_text(change.after.default)
    known = {*map(literal_text, choices.kinds.get(place, ()))}
    # One that is declared beside the other is another entity, and no new name for it.
    return {before: after} if len({before, after} & known) == 1 and before != after else {}


def cut(change: AlterColumn) -> str | None:
    """Return SQL for the values of a column that cuts them, where its new type has a length."""
    after = change.after.type
    if not retypes(change) or not _LENGTH.fullmatch(after):
        return None
    return f"{quote_name(change.after.name)}::{after}"


def chosen_labels(enum: Enum, choices: Choices) -> Labels:
    """Return what rows get for values that are no label of ``enum``; raises ``MigrationError``."""
    found = []
    for (name, value), label in choices.labels.items():
        if name != enum.name or value in enum.labels:
            continue
        if label not in enum.labels:
            raise MigrationError(
                f"{label!r} isn't a label of the enum {enum.name}.",
                cure=f"Map {value!r} to one of: {', '.join(enum.labels)}.",
            )
        found.append((value, label))
    return tuple(found)


def relabelled(value: str, sql_type: str, labels: Labels) -> str:
    """Return ``value``, as SQL, as one of ``sql_type``, where ``labels`` take the place of others.

    That is an enum, or an array of one, or any type that is read from a text.
    """
    if sql_type.endswith("[]"):
        text = f"{value}::text[]"
        for before, after in labels:
            text = f"array_replace({text}, {quote_literal(before)}, {quote_literal(after)})"
        return f"{text}::{sql_type}"
    text = f"{value}::text"
    if labels:
        cases = " ".join(
            f"WHEN {quote_literal(before)} THEN {quote_literal(after)}" for before, after in labels
        )
        text = f"(CASE {text} {cases} ELSE {text} END)"
    return f"{text}::{sql_type}"


def named_labels(sql: str, enum: str, labels: Iterable[str]) -> Iterator[str]:
    """Yield those of the ``labels`` of ``enum`` that ``sql``, as PostgreSQL prints it, names."""
    sql_type = quote_name(enum)
    arrays = re.findall(rf"'({{(?:[^']|'')*}})'::{re.escape(sql_type)}\[\]", sql)
    for label in labels:
        text = label.replace("'", "''")
        quoted = text.replace("\\", r"\\").replace('"', r"\"")
        item = re.compile(rf'[{{,](?:{re.escape(text)}|"{re.escape(quoted)}")[,}}]')
        if f"'{text}'::{sql_type}" in sql or any(map(item.search, arrays)):
            yield label
