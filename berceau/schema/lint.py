"""What is wrong with a declared schema by itself: its names, and the indexes that it lacks."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from berceau.schema.model import ForeignKey, PrimaryKey, Schema, Table, Unique
from berceau.schema.names import MAX_BYTES, RESERVED_IN_COLUMNS, quote_name


@dataclass(frozen=True)
class Fault:
    """What the rule ``code`` objects to: an enum, a ``table``, or a ``column`` of it."""

    code: str
    message: str
    table: str
    column: str | None = None


def faults(schema: Schema) -> Iterator[Fault]:
    """Yield what is wrong with the names of ``schema``, and foreign keys without an index."""
    for enum in schema.enums:
        yield from _name("enum", enum.name, enum.name)
    for table in schema.tables:
        yield from _name("table", table.name, table.name)
        for column in table.columns:
            yield from _name("column", column.name, table.name, column.name)
        for part in (*table.constraints, *table.indexes):
            yield from _length("index or constraint", part.name, table.name)
        for key in table.foreign_keys:
            if not _has_index(table, key):
                columns = ", ".join(key.columns)
                yield Fault(
                    "L301",
                    f"The foreign key {table.name}.{columns} has no index.",
                    table.name,
                    key.columns[0],
                )
    yield from _shared(schema)


def first_columns(table: Table) -> set[str]:
    """Return the columns that an index or a unique constraint of ``table`` begins with."""
    keys = [index.keys for index in table.indexes] + _unique_keys(table)
    return {key[0] for key in keys}


def _name(kind: str, name: str, table: str, column: str | None = None) -> Iterator[Fault]:
    if name in RESERVED_IN_COLUMNS:
        message = f"The {kind} {name} is called like a reserved word of SQL."
        yield Fault("L102", message, table, column)
    yield from _length(kind, name, table, column)


def _length(kind: str, name: str, table: str, column: str | None = None) -> Iterator[Fault]:
    length = len(name.encode())
    if length > MAX_BYTES:
        message = f"The {kind} {name} has {length} bytes; PostgreSQL keeps {MAX_BYTES}."
        yield Fault("L101", message, table, column)


def _has_index(table: Table, key: ForeignKey) -> bool:
    wanted = {quote_name(column) for column in key.columns}
    keys = [index.keys for index in table.indexes] + _unique_keys(table)
    return any(set(columns[: len(wanted)]) == wanted for columns in keys)


def _unique_keys(table: Table) -> list[tuple[str, ...]]:
    constraints: list[PrimaryKey | Unique] = [*table.uniques]
    constraints += [table.primary_key] if table.primary_key else []
    return [tuple(map(quote_name, each.columns)) for each in constraints]


def _shared(schema: Schema) -> Iterator[Fault]:
    """Yield the names that two relations or types of ``schema`` have; PostgreSQL allows one."""
    users: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for name, kind, table in _names(schema):
        users[name].append((kind, table))
    for name, found in users.items():
        for kind, table in found[1:]:
            first = f"the {found[0][0]} of {found[0][1]}"
            yield Fault("L103", f"{name} is the {kind} of {table}, and {first}.", table)


def _names(schema: Schema) -> Iterable[tuple[str, str, str]]:
    for enum in schema.enums:
        yield enum.name, "type", enum.name
    for table in schema.tables:
        yield table.name, "table", table.name
    for table in schema.tables:
        for index in table.indexes:
            yield index.name, "index", table.name
        for constraint in table.constraints:
            if isinstance(constraint, PrimaryKey | Unique):
                yield constraint.name, "index", table.name
