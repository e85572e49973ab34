"""Columns that move to another entity, one row for one, while a release of before runs."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from berceau.errors import MigrationError
from berceau.schema.choices import Choices
from berceau.schema.meaning import Place
from berceau.schema.model import Column, Schema, Table, Transfer
from berceau.schema.names import quote_name, words

_EMPTY = re.compile(r"''(::(text|character varying))?")

Named = tuple[str, str]
"""A column with its table, the table first."""

Move = tuple[Named, Named]
"""A column, and the one of another table that has its values by now."""


def with_transfers(
    current: Schema,
    wanted: Schema,
    moves: Sequence[Move],
    choices: Choices,
    keeps: Callable[[Named], bool],
) -> Schema:
    """Return ``wanted`` with what keeps the columns of ``moves`` in step.

    ``keeps`` is whether a column of ``current`` stays. Raises ``MigrationError`` where that can't
    be done.
    """
    before = {table.name: table for table in current.tables}
    after = {table.name: table for table in wanted.tables}
    for (source, old), (target, new) in moves:
        where = f"--move {source}.{old}={target}.{new}"
        if source not in before or source not in after or target not in after:
            raise _refusal(where, "there is no such table before and after")
        if target in before:
            raise _refusal(where, f"{target} isn't a new table")
        if why := _unlike(before[source], old, after[target], new):
            raise _refusal(where, why)
        if _column(after[source], old) is not None:
            raise _refusal(where, f"{source} has to lose {old}, and {target} to have {new}")
        if not keeps((source, old)):
            raise _refusal(where, "no release is known to use it meanwhile")
    groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for (source, old), (target, new) in moves:
        groups.setdefault((source, target), []).append((old, new))
    found: dict[str, tuple[Transfer, ...]] = {}
    for (source, target), columns in groups.items():
        made = _transfer(before[source], after[target], tuple(columns), choices)
        found[source] = (*found.get(source, ()), made)
    return replace(
        wanted,
        tables=tuple(
            replace(each, transfers=(*each.transfers, *found.get(each.name, ())))
            for each in wanted.tables
        ),
    )


def _unlike(source: Table, old: str, target: Table, new: str) -> str:
    """Return why the column ``new`` of ``target`` can't hold what ``old`` of ``source`` does."""
    one, other = _column(source, old), _column(target, new)
    if one is None or other is None:
        return f"{source.name} has to lose {old}, and {target.name} to have {new}"
    if one.type != other.type:
        return f"{one.type} isn't {other.type}"
    if other.not_null and not one.not_null:
        return f"{source.name}.{old} may be empty, and {target.name}.{new} needs a value"
    if gives_a_value(one) and not one.not_null:
        return f"{source.name}.{old} has a default, and may be empty all the same"
    return ""


def _transfer(
    source: Table, target: Table, columns: tuple[tuple[str, str], ...], choices: Choices
) -> Transfer:
    where = f"--move {source.name}.{columns[0][0]}={target.name}.{columns[0][1]}"
    unique = {each.columns for each in (target.primary_key, *target.uniques) if each is not None}
    key = source.primary_key.columns if source.primary_key is not None else ()
    keys = [
        each
        for each in target.foreign_keys
        if (each.target, each.target_columns) == (source.name, key) and each.columns in unique
    ]
    if len(keys) != 1 or len(key) != 1:
        raise _refusal(where, f"{target.name} needs a one-to-one relation to {source.name}")
    ((name,),) = (each.columns for each in keys)
    given = list(_defaults(source, columns))
    for each in target.columns:
        if each.name == name or each.name in {new for _, new in columns}:
            continue
        value = choices.value(target.name, each.name)
        if value is not None and each.not_null:
            given.append((each.name, value))
        elif each.not_null and not (each.default or each.identity or each.generated):
            raise _refusal(
                where,
                f"{target.name}.{each.name} needs a value: add --backfill "
                f"{target.name}.{each.name}=SQL, over the row of {source.name}",
            )
    return Transfer(target.name, name, key[0], columns, tuple(given))


def _defaults(source: Table, columns: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield what the release of before lets the server give, which it can't meanwhile."""
    for old, new in columns:
        column = _column(source, old)
        if column is not None and gives_a_value(column):
            yield new, f"coalesce({quote_name(old)}, {column.default})"


def gives_a_value(column: Column) -> bool:
    """Return whether ``column`` has a default that isn't the empty string."""
    return column.default is not None and _EMPTY.fullmatch(column.default) is None


def open_for(table: Table, column: Column) -> Column:
    """Return ``column`` so that a row of ``table`` is empty there until a release gives it a value.

    Of a row with a value, a transfer makes a row of its target.
    """
    moves = any(column.name == name for each in table.transfers for name, _ in each.columns)
    return (
        replace(column, not_null=False, default=None) if moves and gives_a_value(column) else column
    )


def _column(table: Table, name: str) -> Column | None:
    return next((each for each in table.columns if each.name == name), None)


def require_known(table: str, transfer: Transfer, columns: Collection[str] | None = None) -> None:
    """Raise ``MigrationError`` where a ``transfer`` of ``table`` can't be read, and would change.

    It does so with any of these ``columns`` that it names, by default always.
    """
    named = sorted(words(transfer.unknown).intersection(columns or ()))
    if transfer.unknown and (named or columns is None):
        raise MigrationError(
            f"A trigger keeps {table} in step with another table, and this Berceau can't read how: "
            f"a newer one made it, or somebody edited it. "
            f"It names {', '.join(named) or table}, which would change.",
            cure="Nothing was written. Upgrade Berceau to the version that made it, and run the "
            "command again.",
        )


def _refusal(where: str, why: str) -> MigrationError:
    return MigrationError(
        f"{where} can't be done: {why}.",
        cure="Nothing was written. Columns move to a new entity that has a one-to-one relation to "
        "theirs, with the same type. Write the migration by hand otherwise.",
    )


def resting_on(table: Table) -> Iterator[tuple[Transfer, Collection[Place]]]:
    """Yield the transfers of ``table``, each with the tables and columns that it needs."""
    for each in table.transfers:
        own = [(table.name, each.id_column), *((table.name, name) for name, _ in each.columns)]
        names = [each.key, *(new for _, new in each.columns), *(name for name, _ in each.given)]
        yield each, {(each.target,), *own, *((each.target, name) for name in names)}


def require_untouched(
    current: Schema, tables: Collection[str], columns: Mapping[str, Mapping[str, str]]
) -> None:
    """Raise ``MigrationError`` where ``tables`` or ``columns`` get another name in a transfer."""
    for table in current.tables:
        for each, places in resting_on(table):
            require_known(table.name, each, {*tables, *columns.get(table.name, ())})
            names = {table.name, each.target} & set(tables)
            names |= {n for t, *rest in places for n in rest if n in columns.get(t, ())}
            if names:
                raise MigrationError(
                    f"{', '.join(sorted(map(quote_name, names)))} can't get another name while "
                    f"{table.name} and {each.target} are kept in step for a release of before.",
                    cure="Nothing was written. End that first: invoke migrate --contract",
                )
