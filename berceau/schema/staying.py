"""What stays although it isn't declared: what no entity ever declared, and what is told to stay."""

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TypeVar

from berceau.schema.meaning import Place
from berceau.schema.model import Enum, ForeignKey, Index, Schema, Table, Unique
from berceau.schema.names import quote_name
from berceau.schema.pairs import structure
from berceau.schema.renaming import RenameColumn, RenameTable, Renaming

Part = TypeVar("Part", Unique, ForeignKey, Index)


@dataclass(frozen=True)
class Staying:
    """``declared`` are the tables and enums that entities once made; ``patterns`` match what stays.

    A pattern is a name, of a table, an enum, an index or a constraint, or ``table.column``, with
    the wildcards of a shell. What is ``leaving`` takes another name, and so is declared after all.
    ``columns`` of tables that are declared, each with its table, stay with what is on them.
    """

    declared: Set[str]
    patterns: Sequence[str] = ()
    leaving: Set[str] = frozenset()
    columns: Set[Place] = frozenset()

    def told(self, name: str) -> bool:
        """Return whether what is called ``name`` is told to stay."""
        return name not in self.leaving and any(fnmatchcase(name, each) for each in self.patterns)

    def stays(self, name: str) -> bool:
        """Return whether the table ``name`` stays where nothing declares it."""
        return self.told(name) or not (name in self.declared or name in self.leaving)


def followers(current: Schema, desired: Schema) -> Set[str]:
    """Return the tables that nothing declares and PostgreSQL changes with their parents."""
    declared = {table.name for table in desired.tables}
    return {table.name for table in current.tables if table.follows and table.name not in declared}


def without(schema: Schema, names: Set[str]) -> Schema:
    """Return ``schema`` without the tables of these ``names``."""
    return replace(schema, tables=tuple(each for each in schema.tables if each.name not in names))


def with_staying(current: Schema, desired: Schema, staying: Staying) -> Schema:
    """Return ``desired`` with what stays of ``current``."""
    declared = {table.name for table in desired.tables}
    before = {table.name: table for table in current.tables}
    tables = [
        *(_with_parts(before.get(table.name), table, staying) for table in desired.tables),
        *(
            table
            for table in current.tables
            if table.name not in declared and staying.stays(table.name)
        ),
    ]
    enums = [*desired.enums, *_enums(current, desired, tables, staying)]
    return replace(
        desired,
        enums=tuple(sorted(enums, key=_name)),
        tables=tuple(sorted(tables, key=_name)),
    )


def following(desired: Schema, renamed: Iterable[Renaming]) -> Schema:
    """Return ``desired``; foreign keys that stay lead to what was ``renamed`` by its new name.

    Those that are declared do so already.
    """
    columns = {table.name: {column.name for column in table.columns} for table in desired.tables}
    changes = tuple(renamed)

    def follow(key: ForeignKey) -> ForeignKey:
        target, names = key.target, key.target_columns
        for change in changes:
            if isinstance(change, RenameTable) and change.before == target not in columns:
                target = change.after
            elif isinstance(change, RenameColumn) and change.table == target:
                names = tuple(
                    change.after if name == change.before not in columns.get(target, ()) else name
                    for name in names
                )
        return replace(key, target=target, target_columns=names)

    tables = (
        replace(table, foreign_keys=tuple(map(follow, table.foreign_keys)))
        for table in desired.tables
    )
    return replace(desired, tables=tuple(tables)) if changes else desired


def _name(item: Enum | Table) -> str:
    return item.name


def _enums(
    current: Schema, desired: Schema, tables: Iterable[Table], staying: Staying
) -> Iterator[Enum]:
    """Yield the enums that stay: told to, used by what stays, or never a column's of an entity."""
    kept = _types(tables)
    entities = _types(each for each in current.tables if each.name in staying.declared)
    declared = {enum.name for enum in desired.enums}
    for enum in current.enums:
        name = quote_name(enum.name)
        if enum.name in declared or enum.name in staying.leaving:
            continue
        theirs = name in entities or enum.name in staying.declared
        if staying.told(enum.name) or name in kept or not theirs:
            yield enum


def _types(tables: Iterable[Table]) -> set[str]:
    return {column.type.removesuffix("[]") for table in tables for column in table.columns}


def _with_parts(before: Table | None, after: Table, staying: Staying) -> Table:
    if before is None or not (staying.patterns or staying.columns):
        return after
    names = {column.name for column in after.columns}
    columns = [
        column
        for column in before.columns
        if column.name not in names
        and (
            staying.told(f"{after.name}.{column.name}")
            or (after.name, column.name) in staying.columns
        )
    ]
    kept = {column.name for column in columns}

    def beyond(
        mine: Iterable[Part], declared: Iterable[Part], about: Callable[[Part], Set[str]]
    ) -> tuple[Part, ...]:
        known = {structure(each) for each in declared}
        return tuple(
            each
            for each in mine
            if structure(each) not in known and (staying.told(each.name) or about(each) & kept)
        )

    quoted = {quote_name(name): name for name in kept}
    return replace(
        after,
        columns=(*after.columns, *columns),
        uniques=(*after.uniques, *beyond(before.uniques, after.uniques, lambda u: {*u.columns})),
        foreign_keys=(
            *after.foreign_keys,
            *beyond(before.foreign_keys, after.foreign_keys, lambda key: {*key.columns}),
        ),
        indexes=(
            *after.indexes,
            *beyond(
                before.indexes,
                after.indexes,
                lambda i: {quoted[key] for key in i.keys if key in quoted},
            ),
        ),
    )
