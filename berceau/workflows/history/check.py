"""Check: all that is wrong with a project's migrations, at once; what CI runs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from berceau.diagnostic import Diagnostic
from berceau.errors import MigrationError, MigrationFileError
from berceau.migration.chain import branches
from berceau.migration.codes import Code
from berceau.migration.history import Revision, State
from berceau.migration.kept import kept_by
from berceau.migration.left import Left
from berceau.migration.migration import Migration
from berceau.migration.provenance import made_by_entities
from berceau.postgres.core.url import Url
from berceau.schema.expanding import require_one_side
from berceau.schema.kept_parts import present, with_kept
from berceau.schema.kept_parts import without_meanings as without_kept_meanings
from berceau.schema.model import Schema
from berceau.schema.preserve import keep
from berceau.schema.recorded import missing as to_record
from berceau.schema.staying import Staying, with_staying
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.drift import to_sql
from berceau.workflows.deploy.replay import desired, replay_cached
from berceau.workflows.deploy.status import Status, status
from berceau.workflows.history.lint import lint
from berceau.workflows.shared.cache import SchemaCache
from berceau.workflows.write import agreement
from berceau.workflows.write.meanings import (
    astray,
    records,
    unrecorded,
    with_meanings,
    without_meanings,
)

FindLeft = Callable[[Sequence[Migration]], Left]
"""Returns what migrations made for components that are gone."""


def check(
    migration_url: Url,
    declared: Schema,
    folder: Path,
    cache: SchemaCache,
    unmanaged: Sequence[str] = (),
    find_left: FindLeft = lambda _: Left(),
) -> tuple[Diagnostic, ...]:
    """Return what is wrong with the folder ``folder``, by itself and beside the database.

    Nothing is written, and the database isn't changed: scratch schemas come and go in it. What
    ``unmanaged`` has a pattern for needs no entity, nor does what ``find_left`` finds.
    Raises ``StatementError`` for entities that PostgreSQL refuses.
    """
    migrations, errors = migration_directory.examine(folder)
    found = status(migration_url, declared, migrations, cache)
    unfinished = found.history.unfinished
    findings = [*map(_malformed, errors), *_failed(unfinished)]
    findings += [*_contradictions(found, folder), *_drift(found)]
    if migration_directory.has_conflict(folder):
        findings += () if branches(migrations) else (_CONFLICT,)
    elif not errors and migration_directory.is_stale(folder, migrations):
        findings.append(_STALE)
    # What is broken in itself can't be compared with the entities.
    if not errors and not any(each.code in (Code.CONFLICT, Code.ORPHAN) for each in findings):
        left = find_left(migrations)
        findings += _differences(migration_url, declared, migrations, cache, unmanaged, left)
        applied = {each.name for each in found.history.applied}
        findings += lint(migration_url, migrations, folder, applied)
    known = unfinished or any(each.code is Code.BROKEN for each in findings)
    if found.unknown and not known:
        findings.append(_broken("The applied migrations", found.unknown))
    return tuple(sorted(findings, key=lambda each: each.code))


_CONFLICT = Diagnostic(
    Code.CONFLICT,
    "git left a conflict in migrations/HEAD: two branches have added a migration.",
    "Run `invoke migrate.rebase`: it settles the migrations, and this file with them.",
)


_STALE = Diagnostic(
    Code.STALE,
    "migrations/HEAD doesn't name the newest migration, so that git won't see when another branch "
    "adds one.",
    "Run `invoke migrate.rebase`: it writes the file. Commit it.",
)


def _malformed(error: MigrationFileError) -> Diagnostic:
    where = f" ({error.where})" if error.where and str(error.where) else ""
    name = error.where.file.parent.name if error.where and error.where.file else None
    return Diagnostic(Code.MALFORMED, f"{error.message}{where}", error.cure or "", migration=name)


def _failed(unfinished: Sequence[Revision]) -> Iterator[Diagnostic]:
    for line in unfinished:
        if line.state is State.FAILED:
            yield Diagnostic(
                Code.FAILED,
                f"A migration isn't finished: {line}",
                "Run `invoke migrate.deploy` to continue it, or settle it: "
                f"`invoke migrate.resolve {line.name} --applied` or `--rolled-back`.",
                migration=line.name,
            )


def _contradictions(found: Status, folder: Path) -> Iterator[Diagnostic]:
    for each in found.history.contradictions:
        if each.code is Code.MISSING and (folder / str(each.migration)).is_dir():
            continue  # it is there, and malformed
        yield replace(each, detail=found.edits.get(each.migration or "", ""))


def _drift(found: Status) -> Iterator[Diagnostic]:
    if found.drift:
        yield Diagnostic(
            Code.DRIFT,
            "The database differs from what its migrations build.",
            "Run the SQL that restores it, or `invoke migrate.adopt NAME` to keep it as it is.",
            detail=str(found.drift),
        )
    if found.misplaced:
        yield Diagnostic(
            Code.DRIFT,
            f"Citus has tables elsewhere: {'; '.join(map(str, found.misplaced))}.",
            "Run `invoke migrate.deploy`: it brings them there.",
        )


def _broken(which: str, why: str) -> Diagnostic:
    return Diagnostic(
        Code.BROKEN,
        f"{which} don't run in an empty schema: {why}",
        "Correct the statement that fails: every new database runs all migrations.",
    )


def _differences(
    migration_url: Url,
    declared: Schema,
    migrations: Sequence[Migration],
    cache: SchemaCache,
    unmanaged: Sequence[str],
    left: Left,
) -> Iterator[Diagnostic]:
    declared = left.over(declared)
    known = (migration_url, declared, migrations, cache, (*unmanaged, *sorted(left.names)))
    if agreement.is_known(*known):
        return
    wanted = replace(
        desired(migration_url, declared, cache, migrations), meanings=declared.meanings
    )
    try:
        replayed = replay_cached(migration_url, migrations, cache)
        current = with_meanings(replayed.schema, migrations, wanted)
        built = without_meanings(current, left.component_by_name)
    except MigrationError as error:
        yield _broken("The migrations", error.message)
        return
    made = set(made_by_entities(migrations)) - left.component_by_name.keys()
    kept = tuple(present(kept_by(migrations), built, wanted))
    built = without_kept_meanings(built, kept)
    seen = wanted
    wanted = with_staying(built, wanted, Staying(made, unmanaged, columns=left.columns.keys()))
    wanted = with_kept(built, wanted, kept)
    try:
        require_one_side(built, seen)
        missing = to_sql(built, keep(built, wanted), replayed.users)
    except MigrationError as error:
        missing = (f"-- {error.message}",)
    meant = astray(built, wanted) or unrecorded(migrations, declared, left.component_by_name)
    missing = (*missing, *(f"-- {line}" for line in meant))
    if missing:
        yield Diagnostic(
            Code.DIFFERENT,
            "The entities declare a schema that the migrations don't build.",
            "Run `invoke migrate`, review what it writes, and commit it.",
            detail="\n".join(missing),
        )
    elif not to_record(records(migrations), declared, left.component_by_name):
        agreement.remember(*known)
