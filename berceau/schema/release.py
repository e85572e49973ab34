"""Whether a release runs on a schema: what its statements need, and what is there.

A release is the code of one revision, and all that counts of it here is what its entities declare.
It names every column that it declares in each SELECT, gives a value to each in an INSERT or an
UPDATE, and knows no other columns.
"""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field

from berceau.schema.casts import serves
from berceau.schema.lowering import is_constant
from berceau.schema.meaning import Place
from berceau.schema.model import Column, Schema, Table
from berceau.schema.names import quote_name
from berceau.schema.old_names import as_called
from berceau.schema.release_names import ReleaseNames
from berceau.schema.type_names import spelled

Statements = tuple[str, ...]
Labels = tuple[str, ...]

READS: Statements = ("SELECT",)
WRITES: Statements = ("INSERT", "UPDATE")
ALL: Statements = ("SELECT", "INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True)
class Misfit:
    """What of a release doesn't work on a schema.

    The ``statements`` of ``entity`` fail, or some of those that concern its ``attribute``: "" where
    it is about all of them. ``place`` is the table or column, and ``reason`` what is wrong there.
    ``message`` is what PostgreSQL says of such a statement, where one was run. ``cure`` is what the
    other release can do about it.
    """

    entity: str
    attribute: str
    place: Place
    statements: Statements
    reason: str
    message: str = ""
    cure: str = field(default="", compare=False)

    def __str__(self) -> str:
        name = f"{self.entity}.{self.attribute}" if self.attribute else self.entity
        said = f" (PostgreSQL: {self.message})" if self.message and self.reason else self.message
        return f"{name}: {' and '.join(self.statements)}: {self.reason}{said}"


def fits(release: Schema, database: Schema) -> tuple[Misfit, ...]:
    """Return why a ``release`` can't run on a ``database``; nothing where it can.

    ``release`` is what its entities declare, ``database`` what the catalog shows, or what other
    entities declare. What depends on the values in rows isn't among it: see ``surprises``.
    """
    return tuple(Comparison(as_called(release, database), database).misfits())


class Comparison:
    """Compares a ``release`` with a ``database``, table by table."""

    def __init__(self, release: Schema, database: Schema) -> None:
        self.release = release
        self.names = ReleaseNames(release)
        self.new_names = ReleaseNames(database)
        self.database = database
        self.tables = {table.name: table for table in database.tables}
        self.labels = {quote_name(enum.name): enum.labels for enum in release.enums}
        self.labels_there = {quote_name(enum.name): enum.labels for enum in database.enums}
        self.numbered = frozenset(_numbered(release))

    def misfits(self) -> Iterator[Misfit]:
        """Yield what doesn't work."""
        for table in self.release.tables:
            there = self.tables.get(table.name)
            if there is None:
                text = f"the table {table.name} isn't there"
                cure = f"Leave the table {table.name} until the next release."
                names = self.names.table(table.name)
                yield Misfit(*names, (table.name,), ALL, text, cure=cure)
                continue
            columns = {column.name: column for column in there.columns}
            for column in table.columns:
                wrong = self._wrong(table, column, columns.get(column.name), _filled(there))
                if wrong is not None:
                    yield self.misfit(table, column, *wrong)
            yield from self._unknown(table, there)
            yield from self._ambiguous(table, there)

    def _wrong(
        self, table: Table, column: Column, found: Column | None, filled: Set[str]
    ) -> tuple[Statements, str, str] | None:
        """Return what is wrong with a ``column`` that the release knows, as it is ``found``."""
        place = f"{table.name}.{column.name}"
        name = ".".join(self.names.attribute(table.name, column.name))
        if found is None:
            cure = f"Leave the column {place} until the next release."
            return READS + WRITES, f"the column {place} isn't there", cure
        if not self._serves(table, column, found):
            text = f"its values are {spelled(column.type)}, the column is {found.type}"
            return READS + WRITES, text, _cure_of_type(table, column, name)
        if gone := self._gone(column, found):
            cure = f"Leave {gone} in the enum of {name} until the next release."
            return WRITES, f"the type {found.type} doesn't have {gone}", cure
        if found.generated is not None and column.generated is None:
            return WRITES, "the server computes the column", "Compute it in another column."
        failing = _without_value(column, found) if found.name not in filled else ()
        cure = f"Give those rows a value: --backfill {place}=SQL. Or leave {name} optional in this "
        cure += "release, and require it in the next."
        return (failing, "there has to be a value, and it may give none", cure) if failing else None

    def _gone(self, column: Column, found: Column) -> str:
        """Return the labels, as text, that the release has for ``column`` and that aren't there."""
        labels, there = self.known_labels(column, found)
        return ", ".join(repr(each) for each in labels or () if there and each not in there)

    def _unknown(self, table: Table, there: Table) -> Iterator[Misfit]:
        """Yield the columns that need a value and get none, since the release doesn't know them."""
        known = {column.name for column in table.columns} | _filled(there)
        entity, relation = self.names.table(table.name)
        for column in there.columns:
            attribute = relation or self.new_names.attribute(table.name, column.name)[1]
            name = f"{entity}.{attribute}"
            if column.name in known or not column.not_null:
                continue
            if not _has_value(column):
                text = "there has to be a value, and it gives none"
                cure = f"Give {name} an sql_default, or require it in the next release only."
            elif column.default and is_constant(column.default) and _tells(there, [column.name]):
                text = f"each row would have the value {column.default}, which has to be unique"
                cure = f"Let it differ: --backfill {table.name}.{column.name}=SQL over the row."
            else:
                continue
            place = table.name, column.name
            yield Misfit(entity, attribute, place, ("INSERT",), text, cure=cure)

    def _ambiguous(self, table: Table, there: Table) -> Iterator[Misfit]:
        """Yield that rows can't be told apart by the key that the release has."""
        key = table.primary_key.columns if table.primary_key else ()
        if key and set(key) <= {column.name for column in there.columns} and not _tells(there, key):
            name = self.names.table(table.name)
            text = f"rows may have the same {', '.join(key)}, which is its key"
            cure = f"Leave the key of {name[0]}: it can't have two."
            yield Misfit(*name, (table.name,), ALL, text, cure=cure)

    def _serves(self, table: Table, column: Column, found: Column) -> bool:
        declared, actual = spelled(column.type), spelled(found.type)
        if declared in self.labels:
            longest = max(map(len, self.labels[declared]), default=0)
            as_text = serves(f"character varying({longest})", actual)
            return actual in self.labels_there or as_text
        # The server numbers these, within what is there.
        numbered = (table.name, column.name) in self.numbered
        return serves(declared, actual) or (numbered and serves(actual, declared))

    def known_labels(self, column: Column, found: Column) -> tuple[Labels | None, Labels | None]:
        """Return the labels that the release has for ``column``, and those that are there."""
        there = self.labels_there.get(spelled(found.type))
        return self.labels.get(spelled(column.type)), there

    def misfit(
        self, table: Table, column: Column, statements: Statements, reason: str, cure: str = ""
    ) -> Misfit:
        """Return a misfit of a ``column``, as the release calls it."""
        entity, attribute = self.names.attribute(table.name, column.name)
        place = table.name, column.name
        return Misfit(entity, attribute, place, statements, reason, cure=cure)


def _cure_of_type(table: Table, column: Column, name: str) -> str:
    """Return what helps where a ``column``, which is ``name`` to people, has another type."""
    if table.primary_key is not None and column.name in table.primary_key.columns:
        return f"Leave the type of {name}: it is a key, which can't be there twice."
    if any(column.name in key.columns for key in table.foreign_keys):
        return ""  # the type follows from that of the key
    new = f"{column.name}_new"
    place = f"{table.name}.{column.name}"
    return f"Give {name} a column of its own, column={new!r}, and --rename {place}={new}."


def _numbered(schema: Schema) -> Iterator[Place]:
    """Yield the columns whose values are keys that the server gives, or refer to such."""
    keys = {
        (table.name, each.name)
        for table in schema.tables
        for each in table.columns
        if each.identity
    }
    yield from keys
    for table in schema.tables:
        for key in table.foreign_keys:
            for name, other in zip(key.columns, key.target_columns, strict=True):
                if (key.target, other) in keys:
                    yield table.name, name


def _has_value(column: Column) -> bool:
    """Return whether a row that is given no value for ``column`` gets one."""
    return column.default is not None or column.identity or column.generated is not None


def unique_sets(table: Table) -> set[frozenset[str]]:
    """Return the columns of which no two rows of ``table`` have the same values."""
    plain = {quote_name(column.name): column.name for column in table.columns}
    found = {frozenset(each.columns) for each in table.uniques}
    found |= {frozenset(table.primary_key.columns)} if table.primary_key else set()
    return found | {
        frozenset(plain[key] for key in each.keys)
        for each in table.indexes
        if each.unique and each.where is None and plain.keys() >= {*each.keys}
    }


def _tells(table: Table, key: Sequence[str]) -> bool:
    """Return whether no two rows of ``table`` have the same ``key``."""
    return any(each <= {*key} for each in unique_sets(table))


def _without_value(column: Column, found: Column) -> Statements:
    """Return the statements in which the release may give none to a column that needs a value."""
    if not found.not_null:
        return ()
    insert = not _has_value(found) and _may_be_left_out(column)
    return ("INSERT",) * insert + ("UPDATE",) * (not column.not_null)


def _may_be_left_out(column: Column) -> bool:
    """Return whether the release may give no value to ``column``: Pony leaves out what is None.

    It gives the value of a discriminator always, whatever default that has.
    """
    given = column.not_null and column.default is None
    return column.identity or not (given or column.kinds)


def _filled(table: Table) -> Set[str]:
    """Return the columns that a trigger of Berceau gives a value."""
    trigger = table.sync_trigger
    return trigger.filled if trigger is not None else frozenset()
