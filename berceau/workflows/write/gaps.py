"""What rows need for a change that no option gives them yet, and the option that would."""

import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass

from berceau.schema.changes import AddColumn, AlterColumn, AlterEnum, Change, CreateEnum, DropColumn
from berceau.schema.choices import Choices, Kind, Place
from berceau.schema.conversions import cut, enum_of, recoded, retypes
from berceau.schema.lowering import lacks_values
from berceau.schema.model import Enum
from berceau.schema.names import in_quotes
from berceau.workflows.shared.wording import counted
from berceau.workflows.write.target import Rows

_MOST = 10
"""How many values that an enum lacks are asked about, each by itself."""


@dataclass(frozen=True)
class Gap:
    """Rows that need something for a change: ``need`` describes it, and ``option`` would give it.

    ``place`` is the column, or a value of an enum whose rows become one of ``labels``; ``kind``
    is which of the choices the answer is.
    """

    place: Place
    need: str
    option: str
    labels: tuple[str, ...] = ()
    kind: Kind = "backfills"


AskValue = Callable[[Gap], str | None]
"""Answers a gap with SQL or a label, or with ``None``: then the change is given up."""


def gaps(rows: Rows, changes: Sequence[Change], choices: Choices) -> Iterator[Gap]:
    """Yield what the rows need for ``changes`` that no choice gives them."""
    enums = enums_after(rows, changes)
    gone = {(each.table, each.column.name) for each in changes if isinstance(each, DropColumn)}
    for change in changes:
        match change:
            case AddColumn(table, column) if lacks_values(change):
                count = rows.count(table)
                if count and choices.value(table, column.name) is None:
                    yield _backfill(table, column.name, f"{table} has {counted(count, 'row')}")
            case AlterColumn():
                enum = enum_of(change.after.type, enums)
                yield from _altered(rows, change, enum, choices)
            case AlterEnum(before, after):
                for label in before.labels:
                    if label not in after.labels and (after.name, label) not in choices.labels:
                        besides = choices.settled(label) | gone
                        yield from _label(rows, before, after, label, besides)


def _conversion(
    rows: Rows, change: AlterColumn, enum: Enum | None, choices: Choices
) -> Iterator[Gap]:
    """Yield what the rows need for a column's new type, be it an ``enum`` or another one."""
    table, after = change.table, change.after
    settled = {*recoded(change, choices)}
    settled |= {value for *place, value in choices.deleted if place == [table, after.name]}
    arrays = {change.before.type.endswith("[]"), after.type.endswith("[]")}
    if enum is not None and len(arrays) == 1:
        labels = {*enum.labels, *(value for name, value in choices.labels if name == enum.name)}
        found = rows.strays(change, labels | settled)
        for value, count in found[:_MOST]:
            yield Gap(
                (enum.name, value),
                f"{table}.{after.name} can't be {after.type} in {counted(count, 'row')}: {value!r}",
                f"--map-value {shlex.quote(f'{_quote(enum.name)}.{_quote(value)}=NEW')}",
                enum.labels,
                "labels",
            )
        if found[_MOST:]:
            more = counted(sum(count for _, count in found[_MOST:]), "row")
            need = (
                f"{len(found) - _MOST} more values of {table}.{after.name} can't be {after.type}, "
            )
            yield _using(table, after.name, f"{need}in {more}")
        return
    if cut(change) and choices.cuts:
        return
    count, shown = rows.unconvertible(change, settled)
    if count:
        leave = ", unless --allow-data-loss cuts them" if cut(change) else ""
        need = f"{table}.{after.name} can't be {after.type} in {counted(count, 'row')}: {shown}"
        yield _using(table, after.name, need + leave)


def _using(table: str, column: str, need: str) -> Gap:
    option = f"--using {shlex.quote(f'{_quote(table)}.{_quote(column)}=SQL')}"
    return Gap((table, column), need, option, kind="usings")


def enums_after(rows: Rows, changes: Iterable[Change]) -> tuple[Enum, ...]:
    """Return the enums that are there after ``changes``, and those that go."""
    enums = {enum.name: enum for enum in rows.current.enums}
    for change in changes:
        match change:
            case CreateEnum(enum) | AlterEnum(_, enum):
                enums[enum.name] = enum
    return tuple(enums.values())


def _altered(rows: Rows, change: AlterColumn, enum: Enum | None, choices: Choices) -> Iterator[Gap]:
    place = (change.table, change.after.name)
    if lacks_values(change) and (choices.value(*place) or change.after.default) is None:
        count = rows.count_nulls(*place)
        if count:
            yield _backfill(*place, f"{change.table} has {counted(count, 'row')}")
    if retypes(change) and place not in choices.usings:
        yield from _conversion(rows, change, enum, choices)


def _backfill(table: str, column: str, who: str) -> Gap:
    return Gap(
        (table, column),
        f"The column {table}.{column} is required, but {who} without a value for it",
        f"--backfill {shlex.quote(f'{_quote(table)}.{_quote(column)}=SQL')}",
    )


def _label(rows: Rows, before: Enum, after: Enum, label: str, besides: Set[Place]) -> Iterator[Gap]:
    count = rows.count_label(before, label, besides)
    if count:
        option = f"{_quote(after.name)}.{_quote(label)}=NEW"
        yield Gap(
            (after.name, label),
            f"The enum {after.name} loses {label!r}, which {counted(count, 'row')} "
            f"hold{'s' if count == 1 else ''}",
            f"--map-value {shlex.quote(option)}",
            after.labels,
            "labels",
        )


def _quote(name: str) -> str:
    return in_quotes(name) if not name or set(name) & set('".=') else name
