"""The statements that a release runs for the rows of its entities, as Pony writes them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from berceau.schema.meaning import Role
from berceau.schema.model import Column, ForeignKey, Schema, Table
from berceau.schema.names import in_quotes, quote_literal, quote_name
from berceau.schema.release_names import ReleaseNames
from berceau.schema.release_values import unusual_values, usual_value
from berceau.schema.type_names import spelled

Values = Mapping[str, str]
"""Literals by the columns that they are given to."""


@dataclass(frozen=True)
class Rows:
    """The rows of ``entity`` in a ``table``: those with the ``kind``, where entities share it.

    Of a link table, ``relation`` is the attribute whose items they are. The release has values for
    ``columns``; ``labels`` are those of its enums, by type.
    """

    entity: str
    relation: str
    table: Table
    kind: str | None
    columns: tuple[Column, ...]
    labels: Mapping[str, tuple[str, ...]]

    @cached_property
    def key(self) -> tuple[str, ...]:
        """The columns that tell a row apart."""
        return self.table.primary_key.columns if self.table.primary_key else ()

    @cached_property
    def references(self) -> Mapping[str, tuple[ForeignKey, str]]:
        """The foreign key of each column that has one, and the column that it refers to."""
        return {
            name: (key, other)
            for key in self.table.foreign_keys
            for name, other in zip(key.columns, key.target_columns, strict=True)
        }

    @property
    def required(self) -> Iterator[Column]:
        """Yield the columns that the release always gives a value."""
        for column in self.columns:
            if column.kinds or (column.not_null and not column.identity and column.default is None):
                yield column

    @property
    def given(self) -> Iterator[Column]:
        """Yield the columns that the release may give a value in an INSERT."""
        yield from (column for column in self.columns if not column.identity)

    @property
    def changed(self) -> Iterator[Column]:
        """Yield the columns that it may update: neither a key nor a discriminator ever changes."""
        if not self.relation:
            yield from (
                each for each in self.columns if each.name not in self.key and not each.kinds
            )

    def usual(self, column: Column, n: int) -> str | None:
        """Return the value of ``column`` in row ``n``; ``None`` where no value is known."""
        if column.kinds:
            return quote_literal(self.kind) if self.kind is not None else column.kinds[0]
        return usual_value(column.type, n, self.labels.get(spelled(column.type), ()))

    def unusual(self, column: Column) -> Iterator[str]:
        """Yield values at the limits of what the release may give to ``column``."""
        yield from unusual_values(column.type, self.labels.get(spelled(column.type), ()))

    @property
    def numbering(self) -> Iterator[str]:
        """Yield what lets the server number new rows beyond those that are there: copied ones."""
        for each in (column for column in self.columns if column.identity):
            place = f"{quote_literal(self._name)}, {quote_literal(each.name)}"
            last = f"max({in_quotes(each.name)})"
            yield (
                f"SELECT setval(pg_get_serial_sequence({place}), {last}) "  # noqa: S608 - quoted
                f"FROM {self._name} HAVING {last} > 0"
            )

    def select(self, names: Sequence[str]) -> str:
        """Return the statement that reads the columns of ``names``."""
        listed = ", ".join(map(in_quotes, names))
        return f"SELECT {listed} FROM {self._name}"  # noqa: S608 - all is quoted

    def insert(self, values: Values) -> str:
        """Return the statement that adds a row with ``values``, and returns its key as text."""
        names, given = ", ".join(map(in_quotes, values)), ", ".join(values.values())
        what = f"({names}) VALUES ({given})" if values else "DEFAULT VALUES"
        key = ", ".join(f"{in_quotes(each)}::text" for each in self.key)
        return f"INSERT INTO {self._name} {what} RETURNING {key}"

    def update(self, row: Values, column: str, value: str, seen: str | None = None) -> str:
        """Return the statement that gives ``value`` to a ``column`` of ``row``.

        Where it was ``seen`` before, only a row that still has that is updated.
        """
        where = {name: row[name] for name in self.key}
        condition = _condition(where) + (f" AND {_equals(column, seen)}" if seen else "")
        given = _equals(column, value)
        return f"UPDATE {self._name} SET {given} WHERE {condition}"  # noqa: S608 - all is quoted

    def delete(self, row: Values) -> str:
        """Return the statement that deletes ``row``."""
        where = {name: row[name] for name in self.key}
        return f"DELETE FROM {self._name} WHERE {_condition(where)}"  # noqa: S608 - all is quoted

    @property
    def _name(self) -> str:
        return in_quotes(self.table.name)


def rows_of(release: Schema) -> tuple[Rows, ...]:
    """Return the kinds of rows that a ``release`` has, those that others refer to first.

    Where its schema is that of the migrations, what SQL by hand made isn't its own: tables without
    a key, and columns that the server computes.
    """
    names = ReleaseNames(release)
    labels = {quote_name(enum.name): enum.labels for enum in release.enums}
    found = []
    for table in _parents_first(release):
        if table.primary_key is None:
            continue
        entity, relation = names.table(table.name)
        for owner, kind, lacks in _kinds(release, table.name, entity):
            columns = tuple(c for c in table.columns if c.name not in lacks and not c.generated)
            found.append(Rows(owner, relation, table, kind, columns, labels))
    return tuple(found)


def _kinds(
    release: Schema, table: str, entity: str
) -> Iterator[tuple[str, str | None, frozenset[str]]]:
    """Yield the entities whose rows ``table`` has, their discriminators, and what they lack.

    That is the columns of other entities in the table: an entity gives no value to them.
    """
    holders: dict[str, set[str]] = {}
    kinds: dict[str, str] = {}
    for each in release.meanings:
        if each.place[0] == table and each.role == Role.HELD:
            holders.setdefault(each.place[1], set()).add(each.place[2])
        elif each.place[0] == table and each.role == Role.SUBCLASS:
            kinds[each.place[2]] = each.of
    if not kinds:
        yield entity, None, frozenset()
    for value, owner in kinds.items():
        lacks = (column for column, values in holders.items() if value not in values)
        yield owner, value, frozenset(lacks)


def _parents_first(release: Schema) -> Iterator[Table]:
    """Yield the tables, each after those that it refers to, as far as there is such an order."""
    tables = {table.name: table for table in release.tables}
    done: set[str] = set()

    def visit(name: str) -> Iterator[Table]:
        if name in done or name not in tables:
            return
        done.add(name)
        for key in tables[name].foreign_keys:
            yield from visit(key.target)
        yield tables[name]

    for name in tables:
        yield from visit(name)


def _condition(values: Values) -> str:
    return " AND ".join(_equals(name, value) for name, value in values.items())


def _equals(column: str, value: str) -> str:
    return f"{in_quotes(column)} = {value}"
