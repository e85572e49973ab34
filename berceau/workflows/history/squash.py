"""Squash: one migration in the place of all that were applied, proven equivalent."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from berceau.errors import HistoryError, MigrationError
from berceau.migration.header import Header, checksum, nameable, without
from berceau.migration.kept import kept_by
from berceau.migration.migration import Migration, check_name, name_before
from berceau.migration.provenance import made_by_entities
from berceau.migration.splitter import split
from berceau.migration.subclasses import recorded_subclasses
from berceau.postgres.core.url import Url
from berceau.postgres.inspect import beyond
from berceau.postgres.inspect.extensions import creates_extension
from berceau.postgres.rows.fingerprints import fingerprint
from berceau.postgres.rows.rows import filled_tables
from berceau.postgres.runner import runner
from berceau.postgres.runner.progress import Report, silent
from berceau.schema.diff import diff
from berceau.schema.model import EMPTY
from berceau.schema.renames import path_of
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.deploy import deploying, settled
from berceau.workflows.deploy.replay import Replayed, read, scratch_after
from berceau.workflows.history.rewrite import Rewrite, finish, rewrite
from berceau.workflows.write.meanings import records
from berceau.workflows.write.plan import between

_OUTSIDE = re.compile(
    r"comment on|grant|revoke|security label|alter default privileges"
    r"|create (?:publication|subscription|event trigger)"
)
"""What statements begin with that have an effect outside of the schema."""


@dataclass(frozen=True)
class Squashed:
    """The new migration; ``kept`` is why it holds the old ones' SQL as it is, if it does."""

    migration: Migration
    kept: str = ""


@dataclass(frozen=True)
class _Built:
    """What migrations leave: ``rows`` is a fingerprint of those of each table that they fill."""

    shown: Replayed
    beyond: Mapping[str, str]
    rows: Mapping[str, object]


def squash(migration_url: Url, folder: Path, slug: str, report: Report = silent) -> Squashed:
    """Replace the migrations that were applied by one, and record it here.

    It creates at once what they led to. Where that leaves something out, such as views or rows,
    it holds their SQL one after the other. Databases that applied them all accept it without
    running it. Raises ``HistoryError`` where there is nothing to squash.
    """
    with deploying(migration_url, report) as connection:
        if begun := finish(connection, folder):
            report("finished the work of an interrupted command")
            if begun.new is not None and begun.gone:  # else adopt had begun it
                return Squashed(begun.new)
        migrations = migration_directory.read(folder)
        found = settled(connection, migrations, report)
        found.require_sound()
        old = tuple(migration for migration in migrations if migration not in found.pending)
        if len(old) < 2 or old != migrations[: len(old)]:
            raise HistoryError(
                "Fewer than two migrations are applied at the beginning of the history: there is "
                "nothing to squash."
            )
        new = _equivalent(migration_url, old, _name(slug, old, found.pending))
        gone = tuple(migration.name for migration in old)
        rewrite(connection, folder, Rewrite(new=new.migration, gone=gone))
        return new


def _name(slug: str, old: Sequence[Migration], pending: Sequence[Migration]) -> str:
    """Return a name that the first of all migrations can have: one before what is ``pending``."""
    name = check_name(f"{old[-1].name[:14]}_{slug}")
    if pending and name > pending[0].name:
        name = name_before(slug, pending[0].name)
    if name in {each for migration in old for each in (migration.name, *migration.header.replaces)}:
        raise HistoryError(f"{name} exists already.", cure="Choose another name: --name NAME")
    return name


def _equivalent(migration_url: Url, old: Sequence[Migration], name: str) -> Squashed:
    built = _build(migration_url, old)
    ours, schema = made_by_entities(old), built.shown.schema
    enums, tables = schema.enums, schema.tables
    names = [*(enum.name for enum in enums), *(table.name for table in tables)]
    others = tuple(each for each in names if each not in ours)
    try:
        whole = between(EMPTY, schema)
    except MigrationError as error:
        reason = error.message  # what only a hand-written migration can make
    else:
        down = "\n\n".join(map(str, whole.down)) + "\n" if whole.down else ""
        short = _migration(old, name, "\n\n".join(map(str, whole.up)) + "\n", down, others)
        reason = (
            f"rows in {', '.join(sorted(built.rows))}"
            if built.rows
            else _lacking(migration_url, short, built)
        )
        # Where the database has it already, its objects can be made without it.
        reason = "an extension" if any(map(creates_extension, old)) else reason or _outside(old)
        if not reason:
            return Squashed(_with_proven_down(migration_url, short))
    # Each keeps its name above it; a squash in a squash brings its own along.
    up = "\n".join(f"-- From {migration.name}\n\n{without(migration.sql)}" for migration in old)
    down = "\n".join(migration.down for migration in reversed(old))
    steps = [migration.data for migration in old if migration.data]
    # Python runs after all SQL: where that makes a difference, the proof shows it.
    long = replace(_migration(old, name, up, down, others), data=steps[-1] if steps else "")
    lacking = _lacking(migration_url, long, built)
    if not lacking and len(steps) < 2:
        return Squashed(_with_proven_down(migration_url, long), reason)
    raise MigrationError(
        f"One migration can't replace them: {lacking or 'several have a data.py'}.",
        cure="Nothing was changed. Their effect depends on where one migration ends.",
    )


def _outside(old: Sequence[Migration]) -> str:
    """Return the first words of a statement by hand with an effect outside of the schema, or ""."""
    for migration in old:
        for statement in () if migration.is_generated else split(migration.sql):
            words = " ".join(statement.head)
            if _OUTSIDE.match(words):
                return f"{' '.join(statement.head[:4]).upper()} ... in {migration.name}"
    return ""


def _build(migration_url: Url, migrations: Sequence[Migration]) -> _Built:
    """Return what ``migrations`` leave in an empty schema; raises ``MigrationError``."""
    with scratch_after(migration_url, migrations) as connection:
        shown = read(connection)
        columns = {table.name: [c.name for c in table.columns] for table in shown.schema.tables}
        rows = {
            name: fingerprint(connection, name, columns[name]) for name in filled_tables(connection)
        }
        return _Built(shown, beyond.read(connection), rows)


def _lacking(migration_url: Url, migration: Migration, built: _Built) -> str:
    """Return where ``migration`` alone gives something other than ``built``, "" if it doesn't."""
    try:
        made = _build(migration_url, [migration])
    except MigrationError as error:
        return error.message
    difference = diff(made.shown.schema, built.shown.schema)
    if difference:
        return str(difference[0])
    objects = map(str, sorted(set(built.shown.objects) ^ set(made.shown.objects)))
    others = sorted(dict(built.beyond.items() ^ made.beyond.items()))
    rows = "the rows differ" if made.rows != built.rows else ""
    return ", ".join(objects) or ", ".join(others) or rows


def _with_proven_down(migration_url: Url, migration: Migration) -> Migration:
    """Return ``migration``, with a ``down.sql`` that refuses if its own leaves something.

    The last of those that it replaces may have had none, or one that relied on another.
    """
    with scratch_after(migration_url, [migration]) as connection:
        try:
            runner.replay(connection, [Migration(migration.name, migration.down)])
            back = read(connection)
            left = [*(f"table {each.name}" for each in back.schema.tables)]
            left += (f"enum {each.name}" for each in back.schema.enums)
            left += map(str, back.objects)
        except MigrationError as error:
            left = [error.message]
    if not left:
        return migration
    why = f"the migrations that it replaces have no down.sql that undoes them: {', '.join(left)}"
    return replace(migration, down=f"-- {migration.name} can't be undone, since {why}\n")


def _migration(
    old: Sequence[Migration], name: str, up: str, down: str, unmanaged: Sequence[str]
) -> Migration:
    components = {each for migration in old for each in migration.header.components}
    replaces = tuple(each for s in old for each in (*s.header.replaces, s.name))
    header = Header(
        None,
        tuple(sorted(components)),
        replaces,
        checksum(up),
        nameable(unmanaged),
        records(old),
        _creates(old) if len(components) > 1 else (),
        keeps=tuple(kept_by(old)),
    ).to_sql(name)
    return Migration(name, header + up, f"-- Undoes {name}\n\n{down}")


def _creates(old: Sequence[Migration]) -> tuple[str, ...]:
    """Return the component of each table and enum that ``old`` made, as far as it is sure.

    Of subclasses, it gives those in a table of another component.
    """
    tables = made_by_entities(old)
    subclasses = {
        path_of(place): of
        for place, of in recorded_subclasses(old).items()
        if of != tables.get(place[0])
    }
    made = {**tables, **subclasses}
    return nameable(sorted(f"{of[0]}.{name}" for name, of in made.items() if len(of) == 1))
