"""Changes of whole tables as SQL."""

from collections.abc import Iterator

from berceau.errors import MigrationError
from berceau.schema.changes import CreateTable, DropTable
from berceau.schema.model import ForeignKey
from berceau.schema.names import quote_name
from berceau.schema.sql.columns import column_definition
from berceau.schema.sql.constraints import constraint_definition
from berceau.schema.sql.render import render
from berceau.schema.sql.sequences import create_sequence, own_sequence
from berceau.schema.statement import Hazard, Lock, Statement


@render.register
def _(change: CreateTable) -> Iterator[Statement]:
    table = change.table
    if table.others:
        raise MigrationError(
            f"The table {table.name} has parts that only a migration by hand can create: "
            f"{', '.join(table.others)}.",
            cure="Write the migration that creates it by hand.",
        )
    for column in table.columns:
        yield from create_sequence(column)
    lines = [column_definition(table.name, column) for column in table.columns]
    lines += [
        constraint_definition(constraint)
        for constraint in table.constraints
        if not isinstance(constraint, ForeignKey)
    ]
    body = ",\n    ".join(lines)
    yield Statement(f"CREATE TABLE {quote_name(table.name)} (\n    {body}\n)")
    for column in table.columns:
        yield from own_sequence(table.name, column)


@render.register
def _(change: DropTable) -> Iterator[Statement]:
    yield Statement(
        f"DROP TABLE {quote_name(change.table.name)}",
        frozenset({Hazard.DATA_LOSS}),
        Lock.ACCESS_EXCLUSIVE,
    )
