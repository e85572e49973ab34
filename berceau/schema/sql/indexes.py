"""Changes of indexes as SQL."""

from collections.abc import Iterator

from berceau.schema.changes import CreateIndex, DropIndex
from berceau.schema.names import quote_name
from berceau.schema.sql.statement import Hazard, Lock, Statement, render


@render.register
def _(change: CreateIndex) -> Iterator[Statement]:
    index = change.index
    unique = "UNIQUE " if index.unique else ""
    using = "" if index.method == "btree" else f" USING {index.method}"
    options = f" {index.options}" if index.options else ""
    where = "" if index.where is None else f" WHERE {index.where}"
    yield Statement(
        f"CREATE {unique}INDEX {quote_name(index.name)} ON {quote_name(change.table)}"
        f"{using} ({', '.join(index.keys)}){options}{where}",
        frozenset({Hazard.NEEDS_ROWS_TO_FIT}) if index.unique else frozenset(),
        Lock.SHARE,
    )


@render.register
def _(change: DropIndex) -> Iterator[Statement]:
    yield Statement(f"DROP INDEX {quote_name(change.index.name)}", lock=Lock.ACCESS_EXCLUSIVE)
