"""What Citus refuses of tables that are on all servers, or distributed: seen before it is asked."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from berceau.errors import MigrationError
from berceau.schema.changes import Change, Distribute
from berceau.schema.model import ForeignKey, Schema, Table
from berceau.schema.names import quote_name, unquote_name
from berceau.schema.renaming import KeepName, StartTransfer
from berceau.schema.sync import AlterSyncTrigger
from berceau.schema.type_names import has_hash

_REFUSED_PARTS = ("trigger ", "parent ", "child ", "rule ")
_LEAVES_IT = ("NO ACTION", "RESTRICT")


@dataclass(frozen=True)
class Misfit:
    """Why ``table`` can't be where it is declared to be; it shows at ``columns``, if at any."""

    table: str
    columns: tuple[str, ...]
    message: str
    cure: str


def misfits(schema: Schema) -> Iterator[Misfit]:
    """Yield what Citus refuses of ``schema``, or accepts and doesn't do."""
    tables = {table.name: table for table in schema.tables}
    for table in schema.tables:
        column = _distributed_by(table)
        if column is not None:
            yield from _of_type(table, column)
            yield from _of_keys(table, column)
        for key in table.foreign_keys:
            target = tables.get(key.target)
            if target is not None:  # else a shared one: it is its own schema's
                yield from _of_relation(table, key, target)


def require_possible(schema: Schema, changes: Iterable[Change]) -> None:
    """Raise ``MigrationError`` where Citus refuses ``changes``, or the ``schema`` they lead to."""
    tables = {table.name: table for table in schema.tables}
    for misfit in misfits(schema):
        raise MigrationError(misfit.message, cure=f"Nothing was written. {misfit.cure}")
    for change in changes:
        table = tables.get(change.table_name or "")
        if table is None or table.distribution is None:
            continue
        name, what = table.name, f"{table.name} is {table.distribution}"
        others = [each for each in table.others if each.startswith(_REFUSED_PARTS)]
        if isinstance(change, Distribute) and others:
            raise MigrationError(
                f"{what}, and Citus refuses such a table that has: {', '.join(others)}.",
                cure="Nothing was written. Drop that in a migration of its own, or remove the word "
                "from the entity.",
            )
        # Of AlterSyncTrigger, only what begins a trigger.
        begins = isinstance(change, KeepName | StartTransfer) or (
            isinstance(change, AlterSyncTrigger) and change.after is not None
        )
        if begins:
            raise MigrationError(
                f"{what}, where Citus allows neither triggers nor writes through a view: {name} "
                "can't serve two releases meanwhile.",
                cure="Nothing was written. Let no release run for this change, and write it by "
                "`invoke migrate --allow-downtime`. Or keep the names: column=, _table_.",
            )


def _distributed_by(table: Table) -> str | None:
    return table.distribution.column if table.distribution else None


def _of_type(table: Table, name: str) -> Iterator[Misfit]:
    for column in table.columns:
        if column.name == name and not has_hash(column.type):
            yield Misfit(
                table.name,
                (name,),
                f"{table.name} is distributed by {name}, but PostgreSQL has no hash of "
                f"{column.type}, which tells the server of a row.",
                "Name an attribute of another type in _distribute_, such as an int, a str or a "
                "UUID.",
            )


def _of_keys(table: Table, column: str) -> Iterator[Misfit]:
    """Yield the keys without the ``column`` that tells the server of a row.

    One that has it is neither NULL nor a float: Pony allows neither in a primary key. Some are made
    by hand.
    """
    keys = [(each.columns, "unique") for each in table.uniques]
    keys += [
        (tuple(map(unquote_name, each.keys)), "unique") for each in table.indexes if each.unique
    ]
    keys += [
        ((each.name,), "a constraint between rows")
        for each in table.raw_constraints
        if not each.definition.startswith("CHECK")
        and not re.search(rf"[(, ]{re.escape(quote_name(column))}( WITH =|[,)])", each.definition)
    ]
    if table.primary_key:
        keys.append((table.primary_key.columns, "the primary key"))
    for columns, what in keys:
        if column not in columns:
            names = ", ".join(columns)
            yield Misfit(
                table.name,
                columns,
                f"{table.name} is distributed by {column}, which {names} lacks, though it is "
                f"{what}: a server can't know the values of others.",
                f"Let the key have {column}, too: PrimaryKey({column}, ...) or "
                f"composite_key({column}, ...).",
            )


def _of_relation(table: Table, key: ForeignKey, target: Table) -> Iterator[Misfit]:
    refused = _refused(table, key, target)
    if refused is not None:
        why, cure = refused
        names = ", ".join(key.columns)
        what = f"{table.name}.{names} leads from {_placed(table)} to {_placed(target)}: {why}."
        yield Misfit(table.name, key.columns, what, cure)


def _placed(table: Table) -> str:
    return f"{table.name}, which is {table.distribution or 'on one server'},"


def _refused(table: Table, key: ForeignKey, target: Table) -> tuple[str, str] | None:
    """Return why a foreign key can't be, and what to do; ``None`` where it can."""
    column, column_there = _distributed_by(table), _distributed_by(target)
    everywhere = f"Write _reference_ = True into the entity of {target.name}."
    if column_there is None:
        if target.distribution is not None or table.distribution is None:
            return None
        if column is not None:
            return "Citus refuses that", everywhere
        if key.on_delete not in _LEAVES_IT:
            return f"Citus refuses ON DELETE {key.on_delete} there", (
                f"{everywhere} Or let the relation refuse: Set(..., cascade_delete=False)."
            )
        return None
    if column is None:
        return "Citus doesn't see to it that the row is there", (
            f"Distribute {table.name} in the same way: _distribute_ = the relation, or one that "
            f"leads to the same value. Or write _reference_ = True instead of _distribute_ into "
            f"the entity of {target.name}."
        )
    pairs = dict(zip(key.columns, key.target_columns, strict=True))
    if pairs.get(column) != column_there:
        return "a row and the one that it refers to may be on different servers", (
            f"Distribute {table.name} by this relation: it has to lead from {column} to "
            f"{column_there}."
        )
    if key.on_delete not in _LEAVES_IT and key.on_delete != "CASCADE":
        return f"Citus refuses ON DELETE {key.on_delete} of what a table is distributed by", (
            "Make the attribute Required."
        )
    return None
