"""The values that rows get where a column is new to them, or a value is called otherwise."""

from collections.abc import Iterator

from berceau.schema.changes import Backfill, Recode
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
    yield Statement(
        f"UPDATE {quote_name(change.table)} "  # noqa: S608 - values as PostgreSQL prints them
        f"SET {column} = {change.after} WHERE {column} = {change.before}",
        frozenset({Hazard.BREAKS_OLD_CODE}),
        Lock.ROW_EXCLUSIVE,
        Transaction.OWN,
    )
