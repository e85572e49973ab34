"""Changes of indexes as SQL."""

from collections.abc import Iterator

from berceau.schema.changes import CreateIndex, DropIndex
from berceau.schema.names import quote_name
from berceau.schema.sql.render import render
from berceau.schema.statement import Hazard, Lock, Statement, Transaction


@render.register
def _(change: CreateIndex) -> Iterator[Statement]:
    yield create_index(change, concurrently=True)


@render.register
def _(change: DropIndex) -> Iterator[Statement]:
    yield Statement(
        f"DROP INDEX CONCURRENTLY {quote_name(change.index.name)}",
        lock=Lock.SHARE_UPDATE_EXCLUSIVE,
        transaction=Transaction.NONE,
    )


def create_index(change: CreateIndex, *, concurrently: bool) -> Statement:
    """Return what creates an index: ``concurrently`` where there may be rows, and users."""
    index = change.index
    kind = "UNIQUE INDEX" if index.unique else "INDEX"
    using = "" if index.method == "btree" else f" USING {index.method}"
    options = f" {index.options}" if index.options else ""
    where = "" if index.where is None else f" WHERE {index.where}"
    body = (
        f"{quote_name(index.name)} ON {quote_name(change.table)}"
        f"{using} ({', '.join(index.keys)}){options}{where}"
    )
    if not concurrently:
        return Statement(f"CREATE {kind} {body}")
    return Statement(
        f"CREATE {kind} CONCURRENTLY {body}",
        frozenset({Hazard.NEEDS_ROWS_TO_FIT}) if index.unique else frozenset(),
        Lock.SHARE_UPDATE_EXCLUSIVE,
        Transaction.NONE,
    )
