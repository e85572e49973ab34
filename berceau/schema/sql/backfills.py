"""The values that rows get where a column is new to them, or a value is called otherwise."""

from collections.abc import Iterator

from berceau.schema.changes import Backfill, DeleteRows, Recode
from berceau.schema.names import quote_name
from berceau.schema.sql.statement import Hazard, Lock, Statement, Transaction, render


@render.register
def _(change: Backfill) -> Iterator[Statement]:
    column = quote_name(change.column)
    yield Statement(
        f"UPDATE {quote_name(change.table)} "  # noqa: S608 - the developer's own SQL
        f"SET {column} = {change.expression} WHERE {column} IS NULL",
        lock=Lock.ROW_EXCLUSIVE,
        transaction=Transaction.OWN,
    )


@render.register
def _(change: Recode) -> Iterator[Statement]:
    column = quote_name(change.column)
    (before, after), *others = change.values
    condition = f"= {before}"
    if others:  # all at once: one may get what another had
        cases = " ".join(f"WHEN {old} THEN {new}" for old, new in change.values)
        condition = f"IN ({', '.join(old for old, _ in change.values)})"
        after = f"CASE {column} {cases} END"
    yield Statement(
        f"UPDATE {quote_name(change.table)} "  # noqa: S608 - values as PostgreSQL prints them
        f"SET {column} = {after} WHERE {column} {condition}",
        frozenset({Hazard.BREAKS_OLD_CODE}),
        Lock.ROW_EXCLUSIVE,
        Transaction.OWN,
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
