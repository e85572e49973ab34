"""A schema seen through another: the part of it that is known there, and the rest."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from berceau.schema.model import Constraint, Index, Schema, Table

Part = TypeVar("Part", bound=Constraint | Index)


@dataclass(frozen=True, order=True)
class Unmanaged:
    """Something in the database that no migration made: its ``kind``, and its name."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def managed(held: Schema, known: Schema) -> Schema:
    """Return what ``held`` has of the enums, tables and columns of ``known``, as it has them.

    Of constraints and indexes it keeps those that do what a known one does, and those that are
    called like one: they are its changed form.
    """
    enums = {enum.name for enum in known.enums}
    tables = {table.name: table for table in known.tables}
    return replace(
        held,
        enums=tuple(enum for enum in held.enums if enum.name in enums),
        tables=tuple(
            _within(table, tables[table.name]) for table in held.tables if table.name in tables
        ),
    )


def unmanaged(held: Schema, known: Schema) -> tuple[Unmanaged, ...]:
    """Return what ``held`` has beyond ``known``; not what hangs on an unmanaged table."""
    kept = managed(held, known)
    enums = {enum.name for enum in kept.enums}
    tables = {table.name: table for table in kept.tables}
    found = [Unmanaged("enum", enum.name) for enum in held.enums if enum.name not in enums]
    for table in held.tables:
        if table.name in tables:
            found += _beyond(table, tables[table.name])
        else:
            found.append(Unmanaged("table", table.name))
    return tuple(sorted(found))


def _within(held: Table, known: Table) -> Table:
    columns = {column.name for column in known.columns}
    keys = _known((held.primary_key,) if held.primary_key else (), known)
    return replace(
        held,
        columns=tuple(column for column in held.columns if column.name in columns),
        primary_key=keys[0] if keys else None,
        uniques=_known(held.uniques, known),
        checks=_known(held.checks, known),
        raw_constraints=_known(held.raw_constraints, known),
        foreign_keys=_known(held.foreign_keys, known),
        indexes=_known(held.indexes, known),
        others=tuple(each for each in held.others if each in known.others),
        sync_trigger=held.sync_trigger if known.sync_trigger else None,
    )


def _known(parts: Iterable[Part], known: Table) -> tuple[Part, ...]:
    others: tuple[Constraint | Index, ...] = (*known.constraints, *known.indexes)
    names = {each.name for each in others}
    deeds = {replace(each, name="") for each in others}
    return tuple(part for part in parts if part.name in names or replace(part, name="") in deeds)


def _beyond(held: Table, kept: Table) -> Iterator[Unmanaged]:
    columns = {column.name for column in kept.columns}
    for column in held.columns:
        if column.name not in columns:
            yield Unmanaged("column", f"{held.name}.{column.name}")
    constraints, indexes = set(kept.constraints), set(kept.indexes)
    for constraint in held.constraints:
        if constraint not in constraints:
            yield Unmanaged("constraint", f"{constraint.name} on {held.name}")
    for index in held.indexes:
        if index not in indexes:
            yield Unmanaged("index", f"{index.name} on {held.name}")
