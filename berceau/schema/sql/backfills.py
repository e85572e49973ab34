"""The values that rows get where a column is new to them, or a value is called otherwise."""

import re
from collections.abc import Iterator

from berceau.schema.changes import Backfill, DeleteRows, Recode
from berceau.schema.names import quote_name, unquote_name
from berceau.schema.sql.render import render
from berceau.schema.statement import Hazard, Lock, Statement, Transaction

_READ = re.compile(r'(?:\b(?:from|join)|,)\s+(?:only\s+)?("(?:[^"]|"")+"|\w+)', re.IGNORECASE)


@render.register
def _(change: Backfill) -> Iterator[Statement]:
    column = quote_name(change.column)
    at_once = _reads_its_table(change)
    yield Statement(
        f"UPDATE {quote_name(change.table)} "  # noqa: S608 - the developer's own SQL
        f"SET {column} = {change.expression} WHERE {column} IS NULL",
        frozenset({Hazard.LOCKS_ROWS} if at_once else ()),
        Lock.ROW_EXCLUSIVE,
        Transaction.OWN if at_once else Transaction.BATCHES,
    )


@render.register
def _(change: Recode) -> Iterator[Statement]:
    column = quote_name(change.column)
    (before, after), *others = change.values
    condition = f"= {before}"
    if change.array:
        condition = f"&& ARRAY[{', '.join(old for old, _ in change.values)}]"
        after = column
        for old, new in change.values:
            after = f"array_replace({after}, {old}, {new})"
    elif others:  # all at once: one may get what another had
        cases = " ".join(f"WHEN {old} THEN {new}" for old, new in change.values)
        condition = f"IN ({', '.join(old for old, _ in change.values)})"
        after = f"CASE {column} {cases} END"
    # In the middle of one that swaps values, nobody could say what a value stands for.
    swaps = {old for old, _ in change.values} & {new for _, new in change.values}
    hazards = set() if change.known else {Hazard.BREAKS_OLD_CODE}
    hazards |= {Hazard.LOCKS_ROWS} if swaps else set()
    yield Statement(
        f"UPDATE {quote_name(change.table)} "  # noqa: S608 - values as PostgreSQL prints them
        f"SET {column} = {after} WHERE {column} {condition}",
        frozenset(hazards),
        Lock.ROW_EXCLUSIVE,
        Transaction.OWN if swaps else Transaction.BATCHES,
    )


@render.register
def _(change: DeleteRows) -> Iterator[Statement]:
    yield Statement(
        f"DELETE FROM {quote_name(change.table)} "  # noqa: S608 - as above
        f"WHERE {quote_name(change.column)} = {change.value}",
        frozenset({Hazard.DATA_LOSS}),
        Lock.ROW_EXCLUSIVE,
        Transaction.OWN,
    )


def _reads_its_table(change: Backfill) -> bool:
    """Return whether a backfill reads other rows of its table: it has to see all at once."""
    read = {unquote_name(name).lower() for name in _READ.findall(change.expression)}
    return change.table.lower() in read
