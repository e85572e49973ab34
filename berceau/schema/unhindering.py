"""What is kept must not hinder the new release, which knows nothing of it."""

import re
from collections.abc import Collection, Iterator, Set
from dataclasses import replace

from berceau.schema.kept import Kept, Kind
from berceau.schema.meaning import Holders, Place, Role
from berceau.schema.model import Action, Column, ForeignKey, Schema, Table
from berceau.schema.names import quote_literal, words
from berceau.schema.transfers import open_for

_STRING = re.compile(r"(text|character varying)(\(\d+\))?")
_HINDERS: tuple[Action, ...] = ("NO ACTION", "RESTRICT")

Keys = Set[tuple[str, Set[tuple[str, str]]]]
"""What references can lead to: tables, each with the names and types of a key's columns."""


def unhindering(
    schema: Schema, desired: Schema, kept: Collection[Kept], outside: Set[str] = frozenset()
) -> Schema:
    """Return ``schema``, in which what is ``kept`` stays so that the new release can write.

    Its rows have no values for kept columns, so these need none, or have a default. It may delete
    the rows that kept references lead to. ``desired`` is without what is kept: a kept reference
    goes where that has no key for it, unless it leads to one of the tables ``outside``, such as
    those that tenants share.
    """
    tables = {each.place for each in kept if each.kind is Kind.TABLE}
    columns = {each.place for each in kept if each.kind is Kind.COLUMN}
    keys = set(_keys(desired)) | set(_keys(schema, tables))

    def free(table: Table) -> Table:
        if (table.name,) in tables:
            references = (_of_table(each, table, desired) for each in table.foreign_keys)
            return replace(table, foreign_keys=_possible(references, table, keys, outside))
        mine = {each.name for each in table.columns if (table.name, each.name) in columns}
        if not mine:
            return table
        found = replace(
            table,
            columns=tuple(
                open_for(table, _without_value(schema, table, each)) if each.name in mine else each
                for each in table.columns
            ),
        )
        references = (
            _of_columns(each) if mine.intersection(each.columns) else each
            for each in table.foreign_keys
            if mine.issuperset(each.columns) or mine.isdisjoint(each.columns)
        )
        return replace(found, foreign_keys=_possible(references, table, keys, outside))

    return replace(schema, tables=tuple(map(free, schema.tables)))


def _keys(
    schema: Schema, only: Collection[Place] | None = None
) -> Iterator[tuple[str, Set[tuple[str, str]]]]:
    for table in schema.tables:
        if only is None or (table.name,) in only:
            types = {column.name: column.type for column in table.columns}
            for key in (table.primary_key, *table.uniques):
                if key is not None:
                    yield table.name, frozenset((name, types[name]) for name in key.columns)


def _possible(
    references: Iterator[ForeignKey], table: Table, keys: Keys, outside: Set[str]
) -> tuple[ForeignKey, ...]:
    types = {column.name: column.type for column in table.columns}

    def leads_to(key: ForeignKey) -> tuple[str, Set[tuple[str, str]]]:
        pairs = zip(key.target_columns, key.columns, strict=True)
        return key.target, frozenset((name, types[column]) for name, column in pairs)

    return tuple(
        each
        for each in references
        if each.definition or each.target in outside or leads_to(each) in keys
    )


def _of_table(key: ForeignKey, table: Table, desired: Schema) -> ForeignKey:
    """Return a reference of a kept table: its rows go with those that the new release deletes."""
    there = any(each.name == key.target for each in desired.tables)
    if not there or key.on_delete not in _HINDERS or key.definition:
        return key
    required = {column.name for column in table.columns if column.not_null}
    return replace(key, on_delete="CASCADE" if required & {*key.columns} else "SET NULL")


def _of_columns(key: ForeignKey) -> ForeignKey:
    """Return a reference of kept columns: its row is one of the new release, and stays."""
    return key if key.definition else replace(key, on_delete="SET NULL")


def _without_value(schema: Schema, table: Table, column: Column) -> Column:
    """Return ``column`` so that a row without a value fits."""
    if column.identity or column.generated:
        return column
    unique = any(column.name in each.columns for each in table.uniques)
    unique = unique or any(each.unique and _used(column, *each.keys) for each in table.indexes)
    if unique or any(column.name in key.columns for key in table.foreign_keys):
        return replace(column, not_null=False, default=None)  # none, rather than one's value twice
    if column.default is not None:
        return column
    root = _root(schema, (table.name, column.name))
    if root is not None:
        return replace(column, default=f"{quote_literal(root)}::{column.type.partition('(')[0]}")
    string = _STRING.fullmatch(column.type)
    if column.not_null and string and not any(_used(column, c.expression) for c in table.checks):
        return replace(column, default=f"''::{string[1]}")
    return replace(column, not_null=False)


def _used(column: Column, *expressions: str) -> bool:
    return any(column.name in words(each) for each in expressions)


def _root(schema: Schema, place: Place) -> str | None:
    """Return what rows of the root hold in the discriminator at ``place``, if there is one."""
    holders = Holders(schema.meanings)
    for each in schema.meanings:
        is_here = each.role == Role.SUBCLASS and each.place[:2] == place
        if is_here and holders[each.of] == (place[0], ""):
            return each.place[2]
    return None
