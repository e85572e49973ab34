"""What is wrong with a declared schema by itself: its names, and the indexes that it lacks."""

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from berceau.diagnostic import Diagnostic
from berceau.lint.places import Places
from berceau.lint.rules import diagnose
from berceau.schema.model import ForeignKey, PrimaryKey, Schema, Table, Unique
from berceau.schema.names import MAX_BYTES, RESERVED_IN_COLUMNS, quote_name, sequence_name


class Named(NamedTuple):
    """A relation or type called ``name``: its ``kind``, and whose it is."""

    name: str
    kind: str
    table: str
    column: str | None = None


def check_schema(schema: Schema, places: Places) -> Iterator[Diagnostic]:
    """Yield what is wrong with ``schema`` where it is declared; the rest has no place."""
    for code, named, message in (*_lengths(schema), *_reserved(schema), *_shared(schema)):
        place = places.of_name(named.table, named.column)
        if place is not None:
            yield diagnose(code, place, message)
    for table in schema.tables:
        for key in table.foreign_keys:
            place = places.of_name(table.name, key.columns[0])
            if place is not None and not _has_index(table, key):
                columns = ", ".join(key.columns)
                message = f"The foreign key {table.name}.{columns} has no index."
                yield diagnose("L301", place, message)


def first_columns(table: Table) -> set[str]:
    """Return the columns that an index or a unique constraint of ``table`` begins with."""
    return {key[0] for key in _indexed(table)}


def _lengths(schema: Schema) -> Iterator[tuple[str, Named, str]]:
    for named in (*_declared(schema), *_parts(schema)):
        length = len(named.name.encode())
        if length > MAX_BYTES:
            what = f"The {named.kind} {named.name} has {length} bytes"
            yield "L101", named, f"{what}; PostgreSQL keeps {MAX_BYTES}."


def _reserved(schema: Schema) -> Iterator[tuple[str, Named, str]]:
    for named in _declared(schema):
        if named.name in RESERVED_IN_COLUMNS:
            message = f"The {named.kind} {named.name} has a name that is a reserved word of SQL."
            yield "L102", named, message


def _shared(schema: Schema) -> Iterator[tuple[str, Named, str]]:
    """Yield the names that two relations or types have; PostgreSQL allows one."""
    users: defaultdict[str, list[Named]] = defaultdict(list)
    for named in _relations(schema):
        users[named.name].append(named)
    for name, (first, *others) in users.items():
        for other in others:
            message = f"{name} is {_described(other)}, and {_described(first)}."
            yield "L103", other, message


def _described(named: Named) -> str:
    if named.kind in {"enum", "table"}:
        return f"the {named.kind} of that name"
    return f"the {named.kind} of {named.table}{(named.column and f'.{named.column}') or ''}"


def _declared(schema: Schema) -> Iterator[Named]:
    """Yield what entities give its name: enums, tables and columns."""
    for enum in schema.enums:
        yield Named(enum.name, "enum", enum.name)
    for table in schema.tables:
        yield Named(table.name, "table", table.name)
        for column in table.columns:
            yield Named(column.name, "column", table.name, column.name)


def _parts(schema: Schema) -> Iterator[Named]:
    for table in schema.tables:
        for part in (*table.constraints, *table.indexes):
            yield Named(part.name, "index or constraint", table.name)


def _relations(schema: Schema) -> Iterator[Named]:
    """Yield what shares the names of a PostgreSQL schema: a table is a type, too."""
    yield from (named for named in _declared(schema) if named.kind != "column")
    for table in schema.tables:
        keys = (each for each in table.constraints if isinstance(each, PrimaryKey | Unique))
        for index in (*table.indexes, *keys):
            yield Named(index.name, "index", table.name)
        for column in table.columns:
            if column.identity:
                name = column.sequence or sequence_name(table.name, column.name)
                yield Named(name, "sequence", table.name, column.name)


def _has_index(table: Table, key: ForeignKey) -> bool:
    wanted = {quote_name(column) for column in key.columns}
    return any(set(columns[: len(wanted)]) == wanted for columns in _indexed(table))


def _indexed(table: Table) -> list[tuple[str, ...]]:
    """Return the columns of each index of ``table``, quoted, those of constraints included."""
    keys: list[PrimaryKey | Unique] = [*table.uniques]
    keys += [table.primary_key] if table.primary_key else []
    constraints = [tuple(map(quote_name, each.columns)) for each in keys]
    return [*(index.keys for index in table.indexes), *constraints]
