"""How the values of a column become those of another type, where the plain cast isn't meant."""

import re
from collections.abc import Iterable

from berceau.errors import MigrationError
from berceau.schema.casts import cast
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
from berceau.schema.names import quote_literal, quote_name

Labels = tuple[tuple[str, str], ...]
"""Pairs of a value that goes and the label that its rows get."""

_LENGTH = re.compile(r"character( varying)?\(\d+\)(\[\])?")


def retypes(change: Change) -> bool:
    """Say whether ``change`` gives a column another type."""
    return isinstance(change, AlterColumn) and change.before.type != change.after.type


def loses(change: Change) -> bool:
    """Say whether ``change`` loses data: no other one could give it back."""
    match change:
        case DropTable() | DropColumn() | DeleteRows():
            return True
        case Recode():
            return bool(change.merged)
        case RebuildEnum(before, mapping=mapping):
            new = [label for _, label in mapping]
            return len({*new}) < len(new) or not {*new}.isdisjoint(before.labels)
        case AlterColumn(_, before, after, using) if retypes(change):
            plain = cast("", before.type, after.type)
            return using is not None or (plain is not None and plain.may_lose)
    return False


def enum_of(sql_type: str, enums: Iterable[Enum]) -> Enum | None:
    """Return the one of ``enums`` that ``sql_type`` is, or an array of."""
    name = sql_type.removesuffix("[]")
    return next((enum for enum in enums if quote_name(enum.name) == name), None)


def conversion(change: AlterColumn, enums: Iterable[Enum], choices: Choices) -> str | None:
    """Return the SQL that ``choices`` give for the values of a column; ``None``: the plain cast."""
    if not retypes(change):
        return None
    chosen = choices.usings.get((change.table, change.after.name))
    if chosen is not None:
        return chosen
    enum = enum_of(change.after.type, enums)
    if enum is not None and (labels := chosen_labels(enum, choices)):
        return relabelled(quote_name(change.after.name), change.after.type, labels)
    return cut(change) if choices.cuts else None


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
                f"{label!r} is no label of the enum {enum.name}.",
                cure=f"Map {value!r} to one of: {', '.join(enum.labels)}.",
            )
        found.append((value, label))
    return tuple(found)


def relabelled(value: str, sql_type: str, labels: Labels) -> str:
    """Return ``value``, as SQL, as one of the enum ``sql_type``, or an array of it."""
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
