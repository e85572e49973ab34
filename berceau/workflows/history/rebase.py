"""Rebase: of two branches of migrations, move one behind the other, and validate it again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from berceau.errors import HistoryError, MigrationError
from berceau.migration.chain import branches, breaks, descendants
from berceau.migration.codes import Code
from berceau.migration.header import NO_PARENT, moved
from berceau.migration.history import compare
from berceau.migration.migration import Migration, new_name
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.url import Url
from berceau.postgres.inspect import catalog
from berceau.postgres.inspect.dependents import users
from berceau.postgres.runner import ledger, runner
from berceau.postgres.runner.progress import Report, silent
from berceau.schema.diff import diff
from berceau.schema.model import Schema
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.deploy import deploying
from berceau.workflows.deploy.drift import to_sql
from berceau.workflows.deploy.replay import replay, scratch_after
from berceau.workflows.history import rewrite as rewriting
from berceau.workflows.history.rewrite import Rewrite, finish, rewrite
from berceau.workflows.shared.git import shared_names

Move = tuple[Migration, Migration]
"""A migration as it was, and as it will be."""


class Rebased(NamedTuple):
    """The ``moves`` that were made, and whether ``migrations/HEAD`` was written."""

    moves: tuple[Move, ...]
    head: bool


def rebase(
    migration_url: Url, folder: Path, name: str | None = None, report: Report = silent
) -> Rebased:
    """Settle the branches in the folder ``folder``, and return what was changed.

    ``name`` is a migration of the branch to move. Without it, that is the branch which git's
    shared branch doesn't have, or else the newest. Each moved migration is proven where it comes
    to stand; its ``down.sql`` is made again where it no longer fits. Raises ``HistoryError`` where
    the database has applied what can't be moved there, ``MigrationError`` where the proof fails;
    what was reported as moved before that stays so.
    """
    made: list[Move] = []
    with deploying(migration_url, report) as connection:
        if begun := finish(connection, folder):
            report("finished the work of an interrupted command")
            name = None if name in {move.before for move in begun.moves} else name
        while first := _first_to_move(folder, None if made else name):
            migrations = migration_directory.read(folder)
            branch = descendants(migrations, first)
            kept = tuple(migration for migration in migrations if migration not in branch)
            moves = _prove(migration_url, kept, _behind(kept, branch))
            _settle(connection, migration_url, migrations, moves, folder)
            for before, after in moves:
                renamed = f", now {after.name}" if after.name != before.name else ""
                report(f"moved {before.name}{renamed} behind {after.header.parent}")
            made += moves
        return Rebased(tuple(made), migration_directory.point_head(folder))


def _first_to_move(folder: Path, name: str | None) -> Migration | None:
    """Return the first migration of the branch to move, or None where all is in line."""
    migrations = migration_directory.read(folder)
    if name is not None and name not in {migration.name for migration in migrations}:
        raise HistoryError(
            f"There is no migration {name} in migrations/.", cure="Give the name of its folder."
        )
    forks = branches(migrations)
    if forks:
        return _choose(migrations, forks[0][1], name, shared_names(folder))
    broken = breaks(migrations)
    if broken and name != broken[0].migration:
        raise HistoryError(broken[0].message, cure=broken[0].cure)
    return next((migration for migration in migrations if broken and migration.name == name), None)


def _choose(
    migrations: Sequence[Migration],
    children: Sequence[Migration],
    name: str | None,
    shared: frozenset[str],
) -> Migration:
    if name is None:
        ours = [child for child in children if child.name not in shared]
        return (ours or children)[-1]
    for child in children:
        if name in {migration.name for migration in descendants(migrations, child)}:
            return child
    raise HistoryError(
        f"{name} is on no branch of its own.",
        cure=f"Name one of these: {', '.join(child.name for child in children)}.",
    )


def _behind(kept: Sequence[Migration], branch: Sequence[Migration]) -> tuple[Move, ...]:
    """Return the migrations of ``branch`` with names and parents that put them behind ``kept``."""
    last = kept[-1].name if kept else None
    moves = []
    for migration in branch:
        name = migration.name
        if last is not None and name < last:
            name = new_name(name[15:], datetime.now(UTC), last)
        down = migration.down.replace(migration.name, name)
        sql = moved(migration.sql, name, last or NO_PARENT)
        moves.append((migration, replace(migration, name=name, sql=sql, down=down)))
        last = name
    return tuple(moves)


def _prove(
    migration_url: Url, kept: Sequence[Migration], moves: Sequence[Move]
) -> tuple[Move, ...]:
    proven = []
    with scratch_after(migration_url, kept) as connection:
        for before, after in moves:
            try:
                proven.append((before, _with_down(connection, after)))
            except MigrationError as error:
                raise error.with_cure(
                    f"It stays where it is. Change {before.name} so that it can follow "
                    f"{after.header.parent}, or remove it and let `invoke migrate` write it again."
                ) from error
    return tuple(proven)


def _with_down(connection: Connection, migration: Migration) -> Migration:
    """Run ``migration``; return it with a ``down`` that undoes it, or raise ``MigrationError``."""
    before, used = catalog.read(connection), users(connection)
    runner.replay(connection, [migration])
    after, used = catalog.read(connection), used | users(connection)
    undone = _undo(connection, migration)
    if undone != after and diff(undone, before):
        text = "\n\n".join(to_sql(after, before, used))
        back = "\n".join(to_sql(undone, before, used | users(connection)))
        runner.replay(connection, [Migration(migration.name, back), migration])
        migration = replace(migration, down=f"-- Undoes {migration.name}\n\n{text}\n")
        undone = _undo(connection, migration)
        if diff(undone, before):
            raise MigrationError(
                f"No down.sql could be made for {migration.name} in its new place."
            )
    if undone != after:
        runner.replay(connection, [migration])
    return migration


def _undo(connection: Connection, migration: Migration) -> Schema:
    runner.replay(connection, [Migration(migration.name, migration.down)])
    return catalog.read(connection)


def _settle(
    connection: Connection,
    migration_url: Url,
    migrations: Sequence[Migration],
    moves: Sequence[Move],
    folder: Path,
) -> None:
    """Move the files, and the ledger's lines of what this database has applied."""
    found = compare(migrations, ledger.read(connection))
    for finding in found.contradictions:
        if finding.code is Code.EDITED:
            raise HistoryError(finding.message, cure=finding.cure)
    done = {each.name for each in found.applied} | {each.name for each in found.replacing}
    applied = [(before, after) for before, after in moves if before.name in done]
    if applied:
        _require_same_either_way(migration_url, migrations, moves, done)
    plan = Rewrite(tuple(rewriting.Move(before.name, after) for before, after in moves))
    rewrite(connection, folder, plan)


def _require_same_either_way(
    migration_url: Url, migrations: Sequence[Migration], moves: Sequence[Move], done: set[str]
) -> None:
    """Prove that what is pending gives the same behind what was applied as before it."""
    was = [before for before, _ in moves]
    here = [migration for migration in migrations if migration.name in done]
    later = [migration for migration in migrations if migration.name not in done]
    kept = [migration for migration in migrations if migration not in was]
    try:
        line = replay(migration_url, [*kept, *(after for _, after in moves)])
        if not diff(replay(migration_url, [*here, *later]).schema, line.schema):
            return
    except MigrationError:
        pass  # that it fails is the answer
    raise HistoryError(
        f"{was[0].name} was applied to this database, where {', '.join(s.name for s in later)} "
        "can't follow it.",
        cure="It stays where it is. Undo it here with `invoke migrate.down`, then rebase and "
        "migrate.",
    )
