"""Tables that have another name by now than for a release that still runs."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import replace

from berceau.errors import MigrationError
from berceau.schema.meaning import Meaning, Role
from berceau.schema.model import ForeignKey, Schema, Table
from berceau.schema.names import quote_name
from berceau.schema.release_names import ReleaseNames
from berceau.schema.renames import Kind, Rename


def shown(rename: Rename, tables: Container[str], current: Schema, desired: Schema) -> bool:
    """Return whether a view has what gets another name, by the old one.

    That is one of the ``tables`` that have both names, or a column in it, if its type stays.
    """
    if rename.kind is Kind.TABLE:
        return rename.before in tables
    if rename.kind is not Kind.COLUMN or rename.parent not in tables:
        return False
    old = {c.type for t in current.tables for c in t.columns if (t.name, c.name) == rename.place}
    new = {c.type for t in desired.tables for c in t.columns if c.name == rename.after}
    return old <= new


def require_free(current: Schema, wanted: Schema) -> None:
    """Raise ``MigrationError`` where a table or enum that is ``wanted`` has a name that is kept.

    That is one which leads to a table of ``current``.
    """
    kept = {old.name: table.name for table in current.tables for old in table.old_names}
    names = {each.name for each in wanted.tables} | {each.name for each in wanted.enums}
    for name in sorted(names):
        if name in kept:
            raise MigrationError(
                f"The name {name} still leads to the table {kept[name]}, for a release of before.",
                cure=f"Nothing was written. End that first: invoke migrate --contract {name}",
            )


def as_called(release: Schema, database: Schema) -> Schema:
    """Return a ``release`` with tables and columns by the names that they have in a ``database``.

    That has those of the release as views.
    """
    found = {
        old.name: (table.name, dict(old.columns))
        for table in database.tables
        for old in table.old_names
    }
    if not any(table.name in found for table in release.tables):
        return release

    def columns_of(table: str) -> Mapping[str, str]:
        return found[table][1] if table in found else {}

    def target(key: ForeignKey) -> ForeignKey:
        names = columns_of(key.target)
        name = found[key.target][0] if key.target in found else key.target
        return replace(
            key, target=name, target_columns=tuple(names.get(n, n) for n in key.target_columns)
        )

    def called(table: Table) -> Table:
        table = replace(table, foreign_keys=tuple(map(target, table.foreign_keys)))
        if table.name not in found:
            return table
        name, names = found[table.name]
        return _with_names(replace(table, name=name), names)

    def place(meaning: Meaning) -> Meaning:
        table, *rest = meaning.place
        if table not in found:
            return meaning
        name, names = found[table]
        column, values = rest[:1], rest[1:]
        return replace(meaning, place=(name, *(names.get(each, each) for each in column), *values))

    tables = tuple(map(called, release.tables))
    meanings = (*_meanings(release, found), *map(place, release.meanings))
    return replace(release, tables=tables, meanings=meanings)


def _meanings(
    release: Schema, found: Mapping[str, tuple[str, Mapping[str, str]]]
) -> Iterator[Meaning]:
    """Yield what tables and columns stand for whose names were those of entities."""
    names = ReleaseNames(release)
    for table in release.tables:
        if table.name in found:
            new, columns = found[table.name]
            yield Meaning(Role.TABLE, (new,), names.entity(table.name))
            for each in table.columns:
                of = ".".join(names.attribute(table.name, each.name))
                yield Meaning(Role.COLUMN, (new, columns.get(each.name, each.name)), of)


def _with_names(table: Table, names: Mapping[str, str]) -> Table:
    """Return ``table`` with the new ``names`` of columns in all that has them by name."""

    def new(columns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(names.get(each, each) for each in columns)

    quoted = {quote_name(old): quote_name(now) for old, now in names.items()}
    key = table.primary_key
    return replace(
        table,
        columns=tuple(replace(c, name=names.get(c.name, c.name)) for c in table.columns),
        primary_key=replace(key, columns=new(key.columns)) if key is not None else None,
        uniques=tuple(replace(each, columns=new(each.columns)) for each in table.uniques),
        foreign_keys=tuple(replace(each, columns=new(each.columns)) for each in table.foreign_keys),
        indexes=tuple(
            replace(each, keys=tuple(quoted.get(k, k) for k in each.keys)) for each in table.indexes
        ),
    )
