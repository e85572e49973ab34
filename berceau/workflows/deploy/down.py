"""Down: undo the last migrations, by their reviewed ``down.sql``."""

from collections.abc import Iterator, Sequence
from itertools import takewhile

from berceau.errors import DataLossError, HistoryError, Location
from berceau.migration.destructive import Loss, Renamed, losses
from berceau.migration.history import Direction, Revision
from berceau.migration.migration import DOWN, Migration
from berceau.migration.required import Requirements
from berceau.postgres.citus.nodes import require_servers
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.url import Url
from berceau.postgres.rows.rows import count_rows, hides_rows
from berceau.postgres.rows.violations import count_nulls
from berceau.postgres.runner import ledger, runner
from berceau.postgres.runner.progress import Report, silent
from berceau.workflows.deploy.deploy import deploying, settled
from berceau.workflows.shared.row_counts import counted_rows
from berceau.workflows.shared.wording import counted

ZERO = "zero"
"""The name that stands for before the first migration."""


def down(
    migration_url: Url,
    migrations: Sequence[Migration],
    to: str | None = None,
    *,
    allow_data_loss: bool = False,
    report: Report = silent,
) -> tuple[str, ...]:
    """Undo the last migration, or all after ``to``, newest first, and return their names.

    ``migrations`` are those on disk; one that isn't there any more is undone by the ledger's copy.
    A squash is undone as a whole: what it replaced is no longer in the ledger.
    Raises, before anything is undone: ``HistoryError`` where a migration can't be undone,
    ``DataLossError`` where that would lose rows and isn't allowed.
    """
    with deploying(migration_url, report) as connection:
        settled(connection, migrations, report)
        chosen = require_undoable(connection, migrations, to, allow_data_loss=allow_data_loss)
        ledger.ensure(connection)
        for line, migration in chosen:
            if line.left_nothing:
                runner.forget(connection, line.to_migration())
                continue
            report(f"undoing {migration.name}")
            runner.undo(connection, migration, report)
        return tuple(migration.name for _, migration in chosen)


def require_undoable(
    connection: Connection,
    migrations: Sequence[Migration],
    to: str | None = None,
    *,
    allow_data_loss: bool = False,
) -> tuple[tuple[Revision, Migration], ...]:
    """Return what ``down`` undoes, newest first; raises what that raises before it begins."""
    require_servers(connection)
    on_disk = {migration.name: migration for migration in migrations}
    lines = _to_undo(ledger.read(connection), to)
    chosen = tuple((line, _chosen(line, on_disk.get(line.name))) for line in lines)
    begun = [migration for line, migration in chosen if not line.left_nothing]
    for migration in begun:
        _require_undoable(migration)
    if not allow_data_loss:
        _refuse_loss(connection, begun)
    _refuse_gaps(connection, begun)
    return chosen


def _to_undo(lines: Sequence[Revision], to: str | None) -> tuple[Revision, ...]:
    """Return what to undo, newest first."""
    newest_first = tuple(reversed(lines))
    if to is None:
        chosen = newest_first[:1]
    elif to == ZERO:
        chosen = newest_first
    elif to in (line.name for line in lines):
        chosen = tuple(takewhile(lambda line: line.name != to, newest_first))
    else:
        squash = next((line.name for line in lines if to in line.replaces), None)
        raise HistoryError(
            f"{to} is part of {squash}, which replaced it and is undone as a whole."
            if squash
            else f"No migration called {to} is applied.",
            cure=f"`invoke migrate.status` lists them; `--to {ZERO}` undoes all.",
        )
    for line in chosen:
        if not line.is_whole and not line.left_nothing and line.direction is Direction.UP:
            raise HistoryError(
                f"{line.name} was applied only in part: {line}",
                cure="Run `invoke migrate.deploy` to finish it first, or settle it: `invoke "
                f"migrate.resolve {line.name} --applied` or `--rolled-back`.",
            )
    return chosen


def _chosen(line: Revision, on_disk: Migration | None) -> Migration:
    """Return what was applied, with the ``down`` on disk, where there is one."""
    before = line.to_migration()
    if on_disk is None or not on_disk.undoing:
        return before
    return Migration(before.name, before.sql, on_disk.down, before.data)


def _require_undoable(migration: Migration) -> None:
    if not migration.undoing:
        said = " ".join(line.removeprefix("--").strip() for line in migration.down.splitlines())
        raise HistoryError(
            f"{migration.name} can't be undone. {said}".strip(),
            where=Location(file=migration.file(DOWN)),
            cure="Write the SQL that undoes it into that file, or restore a backup.",
        )


def _refuse_loss(connection: Connection, migrations: Sequence[Migration]) -> None:
    renamed = Renamed()
    found = [text for migration in migrations for text in _at_stake(connection, migration, renamed)]
    if found:
        raise DataLossError(
            f"Undoing would lose data: {'; '.join(found)}.",
            cure="Nothing was undone. If that is meant, add --allow-data-loss.",
        )


def _refuse_gaps(connection: Connection, migrations: Sequence[Migration]) -> None:
    """Refuse to begin what rows without a value would end halfway.

    A constraint that isn't valid yet would stay, and new rows without a value would be refused.
    """
    requirements, found = Requirements(), []
    for migration in migrations:
        for each in requirements.of(migration.down):
            if each.kind != "value":
                continue
            (column,) = each.columns
            if count_rows(connection, each.table, not_null=column) is None:
                continue
            lacking = count_nulls(connection, each.table, column)
            if lacking:
                where = f"{migration.file(DOWN)}:{each.line}"
                found.append(
                    f"{each.table}.{column} has to have a value, which "
                    f"{counted(lacking, 'row')} of {each.table} lack{'s' * (lacking == 1)} "
                    f"({where})"
                )
    if found:
        raise HistoryError(
            f"It can't be undone: {'; '.join(found)}.",
            cure="Nothing was undone. Give these rows a value first, or write an UPDATE above "
            "that statement. The code of before also runs on the schema as it is, if that keeps "
            "what it needs: see `invoke migrate.status`.",
        )


def _at_stake(connection: Connection, migration: Migration, renamed: Renamed) -> Iterator[str]:
    for loss in losses(migration.down, renamed):
        rows = _rows(connection, loss)
        if rows is not None:
            yield f"{loss.what}{rows} in {migration.file(DOWN)}:{loss.line}"


def _rows(connection: Connection, loss: Loss) -> str | None:
    """Return how many rows ``loss`` concerns, as far as that is known; ``None`` where none."""
    if loss.table is None:
        return ""
    count = count_rows(connection, loss.table, not_null=loss.column)
    if count is None:
        return ""
    if count == 0 and not hides_rows(connection, loss.table):
        return None
    return f" ({counted_rows(connection, loss.table, count)})"
