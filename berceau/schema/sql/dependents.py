"""Set aside, and make again, what PostgreSQL won't let a column's type change under."""

from collections.abc import Iterator

from berceau.column_options import COLUMN_OPTIONS
from berceau.schema.changes import Restore, SetAside
from berceau.schema.names import quote_literal, quote_name
from berceau.schema.sql.render import render
from berceau.schema.sql.standing_aside import RESTORE, SET_ASIDE
from berceau.schema.statement import Lock, Statement


@render.register
def _(change: SetAside) -> Iterator[Statement]:
    columns = ",\n            ".join(
        f"({quote_literal(quote_name(table))}::regclass, {quote_literal(column)}, "
        f"{str((table, column) in change.rebuilt).lower()})"
        for table, column in change.columns
    )
    yield Statement(
        SET_ASIDE.format(columns=columns, options=COLUMN_OPTIONS), lock=Lock.ACCESS_EXCLUSIVE
    )


@render.register
def _(_: Restore) -> Iterator[Statement]:
    yield Statement(RESTORE)
