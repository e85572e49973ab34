"""What a plan loses of the database's rows, as a person reads it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from berceau.errors import DataLossError
from berceau.postgres.core.connection import Connection
from berceau.postgres.rows.rows import count_rows
from berceau.postgres.rows.violations import count_altered, count_held
from berceau.schema.casts import cast
from berceau.schema.changes import AlterColumn, Change, DropColumn, DropTable
from berceau.schema.held import Hidden
from berceau.schema.names import quote_name
from berceau.schema.rename_changes import column_before, name_before
from berceau.workflows.shared.row_counts import counted_rows


def refuse_loss(
    connection: Connection,
    changes: Sequence[Change],
    components: Mapping[str, tuple[str, ...]],
    hidden: Iterable[Hidden] = (),
) -> None:
    """Raise ``DataLossError`` if ``changes`` lose data, with the rows of ``connection`` at stake.

    ``components`` gives those of each table and enum; ``hidden`` is lost to the entities.
    """
    losses = []
    for change in changes:
        component = " or ".join(components.get(change.subject, ()))
        whose = f"of component {component}, " if component else ""
        losses += [f"{what} ({whose}{rows})" for what, rows in _losses(connection, changes, change)]
    for each in hidden:
        count = count_held(connection, each.table, each.column, each.discriminator, each.value)
        rows = _rows(connection, each.table, count)
        losses.append(f"{each}, which doesn't have it any more ({rows} with a value)")
    if losses:
        cure = "Nothing was written. If that is meant, add --allow-data-loss."
        if any(isinstance(change, DropTable | DropColumn) for change in changes):
            cure += (
                " To keep a table or column that no entity declares, list it (a column as "
                "table.column) in pyproject.toml: unmanaged under [tool.berceau.migrations]."
            )
        raise DataLossError(f"The migration would lose data: {'; '.join(losses)}.", cure=cure)


def _losses(
    connection: Connection, changes: Sequence[Change], change: Change
) -> Iterator[tuple[str, str]]:
    match change:
        case DropTable(table):
            name = name_before(changes, table.name)
            yield f"table {name}", _rows(connection, name, count_rows(connection, name))
        case DropColumn(table, column, elsewhere=False):
            name_of_table, name = column_before(changes, table, column.name)
            count = count_rows(connection, name_of_table, not_null=name)
            rows = _rows(connection, name_of_table, count)
            yield f"column {table}.{name}", f"{rows} with a value"
        case AlterColumn(table, before, after, None):
            place = column_before(changes, table, before.name)
            name = quote_name(place[1])
            there = cast(name, before.type, after.type)
            if before.type != after.type and there and there.may_lose:
                back = cast(f"({there.using})::{after.type}", after.type, before.type)
                count = count_altered(connection, place, back.using if back else "NULL")
                what = f"part of column {table}.{before.name}, as {after.type}"
                rows = _rows(connection, place[0], count)
                yield what, f"{rows} with a value that changes"


def _rows(connection: Connection, table: str, count: int | None) -> str:
    return "not in this database" if count is None else counted_rows(connection, table, count)
