"""Rebase: of two branches of migrations, move one behind the other, and prove it anew."""

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
from berceau.postgres.inspect.scratch import scratch
from berceau.postgres.runner import ledger, runner
from berceau.postgres.runner.progress import Report, silent
from berceau.schema.diff import diff
from berceau.schema.model import Schema
from berceau.workflows.deploy import migration_directory as folder
from berceau.workflows.deploy.deploy import deploying
from berceau.workflows.deploy.drift import to_sql
from berceau.workflows.history import rewrite as rewriting
from berceau.workflows.history.git import shared_names
from berceau.workflows.history.rewrite import Rewrite, finish, rewrite

Move = tuple[Migration, Migration]
"""A migration as it was, and as it will be."""


class Rebased(NamedTuple):
    """The ``moves`` that were made, and whether ``migrations/HEAD`` was written."""

    moves: tuple[Move, ...]
    head: bool


def rebase(
    migration_url: Url, migrations: Path, name: str | None = None, report: Report = silent
) -> Rebased:
    """Settle the branches in the folder ``migrations``, and return what was changed.

    ``name`` is a migration of the branch to move. Without it, that is the branch which git's
    shared branch doesn't have, or else the newest. Each moved migration is proven where it comes
    to stand; its ``down.sql`` is made anew where it no longer fits. Raises ``HistoryError`` where
    the database has applied what can't be moved there, ``MigrationError`` where the proof fails;
    what was reported as moved before that stays so.
    """
    made: list[Move] = []
    with deploying(migration_url, report) as connection:
        if begun := finish(connection, migrations):
            report("finished the work of an interrupted command")
            name = None if name in {move.before for move in begun.moves} else name
        while first := _first_to_move(migrations, None if made else name):
            scripts = folder.read(migrations)
            branch = descendants(scripts, first)
            kept = tuple(script for script in scripts if script not in branch)
            moves = _prove(migration_url, kept, _behind(kept, branch))
            _settle(connection, migration_url, scripts, moves, migrations)
            for before, after in moves:
                renamed = f", now {after.name}" if after.name != before.name else ""
                report(f"moved {before.name}{renamed} behind {after.header.parent}")
            made += moves
        return Rebased(tuple(made), folder.point_head(migrations))


def _first_to_move(migrations: Path, name: str | None) -> Migration | None:
    """Return the first migration of the branch to move, or None where all is in line."""
    scripts = folder.read(migrations)
    if name is not None and name not in {script.name for script in scripts}:
        raise HistoryError(
            f"There is no migration {name} in migrations/.", cure="Give the name of its folder."
        )
    forks = branches(scripts)
    if forks:
        return _choose(scripts, forks[0][1], name, shared_names(migrations))
    broken = breaks(scripts)
    if broken and name != broken[0].migration:
        raise HistoryError(broken[0].message, cure=broken[0].cure)
    return next((script for script in scripts if broken and script.name == name), None)


def _choose(
    scripts: Sequence[Migration],
    children: Sequence[Migration],
    name: str | None,
    shared: frozenset[str],
) -> Migration:
    if name is None:
        ours = [child for child in children if child.name not in shared]
        return (ours or children)[-1]
    for child in children:
        if name in {script.name for script in descendants(scripts, child)}:
            return child
    raise HistoryError(
        f"{name} is on no branch of its own.",
        cure=f"Name one of these: {', '.join(child.name for child in children)}.",
    )


def _behind(kept: Sequence[Migration], branch: Sequence[Migration]) -> tuple[Move, ...]:
    """Return the scripts of ``branch`` with names and parents that put them behind ``kept``."""
    last = kept[-1].name if kept else None
    moves = []
    for script in branch:
        name = script.name
        if last is not None and name < last:
            name = new_name(name[15:], datetime.now(UTC), last)
        down = script.down.replace(script.name, name)
        sql = moved(script.sql, name, last or NO_PARENT)
        moves.append((script, replace(script, name=name, sql=sql, down=down)))
        last = name
    return tuple(moves)


def _prove(
    migration_url: Url, kept: Sequence[Migration], moves: Sequence[Move]
) -> tuple[Move, ...]:
    proven = []
    with scratch(migration_url) as connection:
        runner.replay(connection, kept)
        for before, after in moves:
            try:
                proven.append((before, _with_down(connection, after)))
            except MigrationError as error:
                raise error.with_cure(
                    f"It stays where it is. Change {before.name} so that it can follow "
                    f"{after.header.parent}, or remove it and let `invoke migrate` write it again."
                ) from error
    return tuple(proven)


def _with_down(connection: Connection, script: Migration) -> Migration:
    """Run ``script``, and return it with a ``down`` that undoes exactly that, or says it can't."""
    before, used = catalog.read(connection), users(connection)
    runner.replay(connection, [script])
    after, used = catalog.read(connection), used | users(connection)
    undone = _undo(connection, script)
    if undone != after and diff(undone, before):
        text = "\n\n".join(to_sql(after, before, used))
        back = "\n".join(to_sql(undone, before, used | users(connection)))
        runner.replay(connection, [Migration(script.name, back), script])
        script = replace(script, down=f"-- Undoes {script.name}\n\n{text}\n")
        undone = _undo(connection, script)
        if diff(undone, before):
            raise MigrationError(f"No down.sql could be made for {script.name} in its new place.")
    if undone != after:
        runner.replay(connection, [script])
    return script


def _undo(connection: Connection, script: Migration) -> Schema:
    runner.replay(connection, [Migration(script.name, script.down)])
    return catalog.read(connection)


def _settle(
    connection: Connection,
    migration_url: Url,
    scripts: Sequence[Migration],
    moves: Sequence[Move],
    migrations: Path,
) -> None:
    """Move the files, and the ledger's lines of what this database has applied."""
    found = compare(scripts, ledger.read(connection))
    for finding in found.contradictions:
        if finding.code is Code.EDITED:
            raise HistoryError(finding.message, cure=finding.cure)
    done = {each.name for each in found.applied} | {each.name for each in found.replacing}
    applied = [(before, after) for before, after in moves if before.name in done]
    if applied:
        _require_same_either_way(migration_url, scripts, moves, done)
    plan = Rewrite(tuple(rewriting.Move(before.name, after) for before, after in moves))
    rewrite(connection, migrations, plan)


def _require_same_either_way(
    migration_url: Url, scripts: Sequence[Migration], moves: Sequence[Move], done: set[str]
) -> None:
    """Prove that what is pending gives the same behind what was applied as before it."""
    was = [before for before, _ in moves]
    here = [script for script in scripts if script.name in done]
    later = [script for script in scripts if script.name not in done]
    kept = [script for script in scripts if script not in was]
    try:
        line = _built(migration_url, [*kept, *(after for _, after in moves)])
        if not diff(_built(migration_url, [*here, *later]), line):
            return
    except MigrationError:
        pass  # that it fails is the answer
    raise HistoryError(
        f"{was[0].name} was applied to this database, where {', '.join(s.name for s in later)} "
        "can't follow it.",
        cure="It stays where it is. Undo it here with `invoke migrate.down`, then rebase and "
        "migrate.",
    )


def _built(migration_url: Url, scripts: Sequence[Migration]) -> Schema:
    with scratch(migration_url) as connection:
        runner.replay(connection, scripts)
        return catalog.read(connection)
