"""The part of a schema that a change concerns, with what it needs to stand on its own."""

from collections import Counter
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, replace
from operator import eq

from berceau.schema.model import ForeignKey, Schema, Table
from berceau.schema.names import quote_name
from berceau.schema.pairs import relation_names

Same = Callable[[Table, Table], bool]


@dataclass(frozen=True)
class Part:
    """Tables and enums by name: those that are ``changed``, and all that a copy of them needs."""

    changed: frozenset[str]
    tables: frozenset[str]
    enums: frozenset[str]

    def of(self, schema: Schema) -> Schema:
        """Return this part of ``schema``, with the foreign keys among its tables.

        Those to tables of no ``schema`` stay, too: a tenant's refer to shared ones.
        """
        others = {table.name for table in schema.tables} - self.tables
        return Schema(
            tuple(enum for enum in schema.enums if enum.name in self.enums),
            tuple(
                replace(table, foreign_keys=tuple(_without(table, others)))
                for table in schema.tables
                if table.name in self.tables
            ),
        )

    def put(self, news: Schema, into: Schema) -> Schema:
        """Return the schema ``into`` with the changed tables and the enums as ``news`` has them.

        ``news`` is this part of a schema, after the change.
        """
        tables = [table for table in into.tables if table.name not in self.changed]
        tables += [table for table in news.tables if table.name in self.changed]
        enums = [enum for enum in into.enums if enum.name not in self.enums]
        return Schema(
            tuple(sorted((*enums, *news.enums), key=lambda enum: enum.name)),
            tuple(sorted(tables, key=lambda table: table.name)),
        )


def _without(table: Table, targets: Set[str]) -> Iterator[ForeignKey]:
    return (key for key in table.foreign_keys if key.target not in targets)


def between(before: Schema, after: Schema, same: Same = eq, read: Set[str] = frozenset()) -> Part:
    """Return the part that differs, with the tables next to it and the enums that these use.

    ``same`` is whether two tables count as equal. Tables and enums that are ``read`` belong to
    it, too.
    """
    enums = {enum.name for enum in set(before.enums) ^ set(after.enums)}
    changed = _changed(before, after, enums, same)
    enums |= {enum.name for enum in before.enums if enum.name in read}
    tables = changed | {table.name for table in before.tables if table.name in read}
    for table in (*before.tables, *after.tables):
        for key in table.foreign_keys:
            if key.target in changed or table.name in changed:
                tables |= {table.name, key.target}
    used = {
        name
        for table in (*before.tables, *after.tables)
        if table.name in tables
        for name in _types(table)
    }
    enums |= {e.name for e in (*before.enums, *after.enums) if quote_name(e.name) in used}
    return Part(frozenset(changed), frozenset(tables), frozenset(enums))


def outside(schema: Schema) -> set[str]:
    """Return the tables that foreign keys of ``schema`` lead to, and that it doesn't have."""
    targets = {key.target for table in schema.tables for key in table.foreign_keys}
    return targets - {table.name for table in schema.tables}


def clashes(schema: Schema) -> tuple[str, ...]:
    """Return the names that ``schema`` gives to two relations or types: PostgreSQL allows one."""
    return tuple(name for name, times in Counter(_names(schema)).items() if times > 1)


def _changed(before: Schema, after: Schema, enums: set[str], same: Same) -> set[str]:
    old = {table.name: table for table in before.tables}
    new = {table.name: table for table in after.tables}
    changed = {name for name in old.keys() & new.keys() if not same(old[name], new[name])}
    changed |= old.keys() ^ new.keys()
    types = set(map(quote_name, enums))
    users = (t.name for t in (*before.tables, *after.tables) if not types.isdisjoint(_types(t)))
    return changed.union(users)


def _types(table: Table) -> set[str]:
    return {column.type.removesuffix("[]") for column in table.columns}


def _names(schema: Schema) -> Iterator[str]:
    yield from (enum.name for enum in schema.enums)
    for table in schema.tables:
        yield table.name
        yield from relation_names(table)
        yield from (column.sequence for column in table.columns if column.sequence is not None)
