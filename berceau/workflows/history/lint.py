"""Lint: what only a reviewer would notice in migrations that were written by hand."""

from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from pathlib import Path

from berceau.diagnostic import Diagnostic
from berceau.errors import MigrationError
from berceau.migration.codes import Code
from berceau.migration.lint import findings
from berceau.migration.migration import DOWN, UP, Migration
from berceau.migration.statement_lint import remarks
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.core.url import Url
from berceau.postgres.rows.rows import estimated_rows
from berceau.postgres.runner import runner
from berceau.workflows.deploy.drift import differing, to_sql
from berceau.workflows.deploy.replay import Replayed, read, scratch_after
from berceau.workflows.history import squawk
from berceau.workflows.shared.git import shared_names


def lint(
    migration_url: Url, migrations: Sequence[Migration], folder: Path, applied: Set[str]
) -> Iterator[Diagnostic]:
    """Yield what may be wrong with those of ``migrations`` that were written or edited by hand.

    Looks only at those that can still be changed: that git's shared branch doesn't have, or,
    where git knows none, that aren't ``applied``.
    """
    done = shared_names(folder) or applied
    ours = [each for each in migrations if each.name not in done and _is_by_hand(each)]
    if not ours:
        return
    with connect(migration_url) as connection:
        version = connection.info.server_version // 10_000
        rows = estimated_rows(connection)
    for migration in ours:
        if migration.is_empty:
            yield Diagnostic(
                Code.EMPTY,
                f"{migration.name} has no statement.",
                f"Write its SQL into {UP}, or remove its folder.",
                migration=migration.name,
            )
        before = migrations[: migrations.index(migration)]
        yield from squawk.lint(migration, folder.parent, version)
        yield from findings(migration, remarks(migration, before), rows)
        if migration.undoing:
            yield from _not_undone(migration_url, before, migration)


def _is_by_hand(migration: Migration) -> bool:
    # What stands for others was applied, as it is, under their names.
    return not migration.is_generated and not migration.header.replaces


def _not_undone(
    migration_url: Url, before: Sequence[Migration], migration: Migration
) -> Iterator[Diagnostic]:
    """Apply and undo ``migration`` after those ``before`` it; yield what differs afterwards."""
    try:
        with scratch_after(migration_url, before) as connection:
            there = read(connection)
            runner.replay(connection, [migration])
            left = _undo(connection, migration, there)
    except MigrationError:
        return  # that they don't run is a finding of its own
    if left:
        yield Diagnostic(
            Code.NOT_UNDONE,
            f"The down.sql of {migration.name} doesn't undo what its migration.sql does.",
            "Complete it, or leave only a comment in it that says why it can't be undone.",
            migration=migration.name,
            detail=left,
            file=str(migration.file(DOWN)),
        )


def _undo(connection: Connection, migration: Migration, there: Replayed) -> str:
    """Undo ``migration``, and return how that differs from what was ``there`` before it."""
    try:
        runner.replay(connection, [replace(migration, sql=migration.down, data="")])
    except MigrationError as error:
        return error.message
    back = read(connection)
    added = sorted(set(map(str, back.objects)) - set(map(str, there.objects)))
    return "\n".join(
        (
            *to_sql(back.schema, there.schema, (*back.users, *there.users)),
            *differing(back.objects, there.objects),
            *(f"{each} is left" for each in added),
        )
    )
