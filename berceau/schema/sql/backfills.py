"""The values that rows get for a column that is new to them, as SQL."""

from collections.abc import Iterator

from berceau.schema.changes import Backfill
from berceau.schema.names import quote_name
from berceau.schema.sql.statement import Lock, Statement, Transaction, render


@render.register
def _(change: Backfill) -> Iterator[Statement]:
    column = quote_name(change.column)
    yield Statement(
        f"UPDATE {quote_name(change.table)} "  # noqa: S608 - the developer's own SQL
        f"SET {column} = {change.expression} WHERE {column} IS NULL",
        lock=Lock.ROW_EXCLUSIVE,
        transaction=Transaction.OWN,
    )
