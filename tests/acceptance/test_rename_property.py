"""Any names become any others: what was built so from the start, and back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from berceau.postgres.core.connection import Connection
from berceau.postgres.inspect import catalog
from berceau.postgres.inspect.preview import preview
from berceau.postgres.inspect.scratch import scratch
from berceau.schema.diff import create
from berceau.schema.model import Column, Enum, ForeignKey, Index, PrimaryKey, Schema, Table, Unique
from berceau.schema.names import object_name, quote_name
from berceau.schema.order import order
from berceau.schema.rename_changes import inverse, moves
from berceau.schema.renames import Kind, Rename, parse
from berceau.schema.sql import to_statements

# Few, so that they meet: reserved words, some to quote, one as long as can be.
NAMES = ["a", "b", "user", "A b", 'say "x"', "a.b", "c=d", "select", "é" * 30]
TYPES = ["integer", "text", "uuid", "timestamp with time zone"]


@dataclass(frozen=True)
class Shape:
    """A schema without names.

    ``enums`` are numbers of labels. A table is a number for each of its columns behind the key:
    that of a type, of an enum or of a table that it refers to.
    """

    enums: Sequence[int]
    tables: Sequence[Sequence[int]]


@dataclass(frozen=True)
class Names:
    """Names for a shape: of enums and tables, and in the same order of what is in each."""

    wholes: Sequence[str]
    members: Sequence[Sequence[str]]

    def to_schema(self, shape: Shape) -> Schema:
        """Return the schema of that shape; of three columns, one is unique, one has an index."""
        count = len(shape.enums)
        enums = (
            Enum(name, tuple(labels))
            for name, labels in zip(self.wholes[:count], self.members[:count], strict=True)
        )
        tables = (self._table(shape, number) for number in range(len(shape.tables)))
        return Schema(tuple(enums), tuple(tables))

    def _table(self, shape: Shape, number: int) -> Table:
        count = len(shape.enums)
        table, names = self.wholes[count + number], self.members[count + number]
        columns = [Column(names[0], "integer", not_null=True, identity=True)]
        keys = []
        for name, kind in zip(names[1:], shape.tables[number], strict=True):
            choice = kind % (len(TYPES) + count + len(shape.tables))
            if choice < len(TYPES):
                columns.append(Column(name, TYPES[choice]))
            elif choice < len(TYPES) + count:
                columns.append(Column(name, quote_name(self.wholes[choice - len(TYPES)])))
            else:
                columns.append(Column(name, "integer"))
                target = choice - len(TYPES)
                keys.append((name, self.wholes[target], self.members[target][0]))
        return Table(
            table,
            tuple(columns),
            PrimaryKey(object_name(table, (), "pkey"), (names[0],)),
            uniques=tuple(
                Unique(object_name(table, columns, "key"), columns)
                for columns in (tuple(names[:2]), tuple(names[1:2]))
                if columns
            ),
            foreign_keys=tuple(
                ForeignKey(object_name(table, (name,), "fkey"), (name,), target, (key,))
                for name, target, key in keys
            ),
            indexes=tuple(
                Index(object_name(table, (name,), "idx"), (quote_name(name),))
                for name in names[2:3]
            ),
        )


@st.composite
def cases(draw) -> tuple[Shape, Names, Names]:
    shape = Shape(
        draw(st.lists(st.integers(1, 3), max_size=2)),
        draw(st.lists(st.lists(st.integers(0, 59), max_size=3), min_size=1, max_size=3)),
    )

    def some(count: int) -> list[str]:
        return draw(st.permutations(NAMES))[:count]

    sizes = [*shape.enums, *(len(table) + 1 for table in shape.tables)]
    before, after = (Names(some(len(sizes)), [some(size) for size in sizes]) for _ in "12")
    return shape, before, after


def renames(shape: Shape, before: Names, after: Names) -> Iterator[Rename]:
    for number, (old, new) in enumerate(zip(before.wholes, after.wholes, strict=True)):
        is_enum = number < len(shape.enums)
        whole, member = (Kind.ENUM, Kind.LABEL) if is_enum else (Kind.TABLE, Kind.COLUMN)
        if old != new:
            yield Rename(whole, None, old, new)
        for name, other in zip(before.members[number], after.members[number], strict=True):
            if name != other:
                yield Rename(member, old, name, other)


def built(connection: Connection, schema: Schema) -> Schema:
    return preview(connection, to_statements(order(create(schema))))


def sequences(schema: Schema) -> list[str | None]:
    """Return the names of sequences, which make no difference to a schema."""
    return [column.sequence for table in schema.tables for column in table.columns]


@pytest.mark.slow
def test_any_names_become_any_others_and_back(server) -> None:
    with scratch(server.migration_url) as connection:

        @settings(max_examples=60, deadline=None)
        @given(cases())
        def check(case: tuple[Shape, Names, Names]) -> None:
            shape, before, after = case
            declared = before.to_schema(shape)
            current, desired = (
                built(connection, each) for each in (declared, after.to_schema(shape))
            )
            wanted = set(renames(*case))
            found = parse(map(str, wanted), current, desired)
            assert set(found) == wanted
            changes = moves(current, found)
            creation, forth = order(create(declared)), to_statements(changes)
            reached = preview(connection, (*to_statements(creation), *forth))
            assert (reached, sequences(reached)) == (desired, sequences(desired))
            back = (*to_statements(creation), *forth, *to_statements(inverse(changes)))
            assert preview(connection, back) == current

        check()
        assert catalog.read(connection) == Schema()
