"""Migrate: write the difference between entities and migrations, proven, and apply it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain
from types import MappingProxyType

from berceau.migration.components import components_of
from berceau.migration.header import Header, checksum, nameable
from berceau.migration.left import Settled
from berceau.migration.migration import Migration, new_name
from berceau.postgres.core.connection import Connection
from berceau.postgres.runner.progress import Report, silent
from berceau.schema.changes import CreateEnum, CreateTable
from berceau.schema.choices import parse
from berceau.schema.meaning import Role
from berceau.schema.model import Schema
from berceau.schema.renames import path_of
from berceau.schema.row_impact import not_undone
from berceau.schema.sql import Statement
from berceau.schema.sql.text import to_text
from berceau.settings import Settings
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.deploy import apply_pending, deploying
from berceau.workflows.deploy.replay import remember
from berceau.workflows.shared.cache import SchemaCache
from berceau.workflows.shared.databases import resolve_databases
from berceau.workflows.write.answers import Answers, Unanswered
from berceau.workflows.write.destructive import refuse_loss
from berceau.workflows.write.draft import Decisions
from berceau.workflows.write.existing import refuse_what_is_there
from berceau.workflows.write.gaps import AskValue
from berceau.workflows.write.left import find_left, refuse_taken
from berceau.workflows.write.plan import Plan
from berceau.workflows.write.planner import Planner
from berceau.workflows.write.renames import Ask, decline


@dataclass(frozen=True)
class Options:
    """What the developer chose.

    ``name`` describes the migration in a word or two; ``renames``, ``backfills``, ``labels`` and
    ``usings`` are as ``--rename``, ``--backfill``, ``--map-value`` and ``--using`` take them.
    ``dropped_components`` are the names of components that are gone, and whose tables go, too.
    """

    name: str = "changes"
    create_only: bool = False
    allow_data_loss: bool = False
    renames: Sequence[str] = ()
    backfills: Sequence[str] = ()
    labels: Sequence[str] = ()
    usings: Sequence[str] = ()
    dropped_components: Sequence[str] = ()

    @property
    def renamed_or_mapped(self) -> set[str]:
        """The paths of what gets another name or value."""
        return {text.rpartition("=")[0] for text in (*self.renames, *self.labels)}

    def decisions(self, ask: Ask | None, ask_value: AskValue | None = None) -> Decisions:
        """Return what these options settle, and who is asked for the rest.

        Where data may be lost, a person needn't be asked whether it was only renamed.
        """
        if ask is None and self.allow_data_loss:
            ask = decline
        choices = parse(self.backfills, self.labels, self.usings)
        choices = replace(choices, cuts=self.allow_data_loss)
        return Decisions(self.renames, choices, ask, ask_value)


@dataclass(frozen=True)
class Outcome:
    """What ``migrate`` did: the migration it wrote, if any, and those it applied."""

    written: str | None
    statements: tuple[Statement, ...]
    applied: tuple[str, ...]


def migrate(
    settings: Settings,
    declared: Schema,
    options: Options,
    report: Report = silent,
    ask: Ask | None = None,
    component_by_name: Mapping[str, str] = MappingProxyType({}),
    ask_value: AskValue | None = None,
) -> Outcome:
    """Write what separates the migrations from the ``declared`` schema, and apply it.

    ``ask`` settles what may have been renamed; without it, such a change is refused unless data
    may be lost. ``ask_value`` gives what rows need that no option gives them; without it, that
    is refused. ``component_by_name`` gives the component of each declared table and enum.
    Migrations that are pending on disk are applied first. Nothing is written unless the proof
    succeeds. Raises ``RenameError``, ``DataLossError`` for a change that loses data and wasn't
    allowed to, and ``MigrationError`` for one that the rows of the database don't allow.
    """
    run = _Run(settings, declared, options, report, component_by_name, Answers(ask, ask_value))
    while True:
        try:
            return run.attempt()
        except Unanswered as question:
            question.settle()


def plan(
    settings: Settings,
    declared: Schema,
    component_by_name: Mapping[str, str],
    migrations: Sequence[Migration],
    options: Options,
    decisions: Decisions,
) -> Plan:
    """Return the plan that leads from ``migrations`` to the ``declared`` schema.

    What components that are gone have left stays, but for those that shall be dropped.
    """
    settled = Settled(options.renamed_or_mapped, options.dropped_components)
    left = find_left(settings, declared, component_by_name, migrations, settled)
    refuse_taken(left)
    migration_url, cache = resolve_databases(settings).migration_url, SchemaCache(settings.cache)
    planner = Planner(migration_url, migrations, cache, decisions, settings.unmanaged, left)
    return planner.plan(declared)


@dataclass
class _Run:
    """One call of ``migrate``; ``applied`` outlasts an attempt that ends in a question."""

    settings: Settings
    declared: Schema
    options: Options
    report: Report
    component_by_name: Mapping[str, str]
    answers: Answers
    applied: list[str] = field(default_factory=list)

    def attempt(self) -> Outcome:
        """Apply, compare, write and apply, under the deploy lock; raises ``Unanswered``."""
        with deploying(resolve_databases(self.settings).migration_url, self.report) as connection:
            migrations = migration_directory.read(self.settings.migrations)
            self._apply(connection, migrations)
            found = self._plan(migrations)
            written = self._write(connection, migrations, found)
            if written is not None:
                self._apply(connection, (*migrations, written))
            name = written.name if written else None
            return Outcome(name, found.up, tuple(self.applied))

    def _apply(self, connection: Connection, migrations: Sequence[Migration]) -> None:
        if not self.options.create_only:
            self.applied += apply_pending(connection, migrations, self.report)

    def _plan(self, migrations: Sequence[Migration]) -> Plan:
        if not self.answers.known:
            self.report("comparing the entities with the migrations")
        found = plan(
            self.settings,
            self.declared,
            self.component_by_name,
            migrations,
            self.options,
            self.options.decisions(self.answers.ask, self.answers.ask_value),
        )
        for note in found.notes:
            self.report(note)
        return found

    def _write(
        self, connection: Connection, migrations: Sequence[Migration], found: Plan
    ) -> Migration | None:
        """Write what was ``found``, if anything was, and return it."""
        folder, create_only = self.settings.migrations, self.options.create_only
        if not (found.up or found.means) and create_only:
            migration = to_empty_migration(self.options.name, migrations)
            migration_directory.save(folder, migration)
            self.report(
                f"wrote migrations/{migration.name}, without a statement: write your SQL into it"
            )
            return migration
        if not (found.up or found.means):
            if migration_directory.point_head(folder):
                self.report(f"wrote migrations/{migration_directory.HEAD}")
            return None
        components = components_of(_concerned(found), self.component_by_name, migrations)
        if not create_only:
            refuse_what_is_there(connection, found.changes, first=not migrations)
        if not self.options.allow_data_loss:
            refuse_loss(connection, found.changes, components, found.hidden)
        migration = to_migration(found, self.options.name, migrations, components)
        migration_directory.save(folder, migration)
        if found.built is not None:
            migration_url = resolve_databases(self.settings).migration_url
            cache = SchemaCache(self.settings.cache)
            remember(migration_url, (*migrations, migration), found.built, cache)
        self.report(f"wrote migrations/{migration.name}" + ("" if found.up else _RECORDS_ONLY))
        return migration


def to_empty_migration(slug: str, migrations: Sequence[Migration]) -> Migration:
    """Return a migration after ``migrations`` without a statement, to be written by hand."""
    last = migration_directory.last_name(migrations)
    name = new_name(slug, datetime.now(UTC), last)
    header = Header(last).to_sql(name)
    return Migration(name, f"{header}-- Write your SQL here.\n", "-- Write here what undoes it.\n")


def to_migration(
    found: Plan,
    slug: str,
    migrations: Sequence[Migration],
    components: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    unmanaged: Iterable[str] = (),
) -> Migration:
    """Return the migration that carries out ``found`` after ``migrations``.

    ``components`` gives those that each table and enum in it may be of, by name. It records that
    the ``unmanaged`` tables and enums belong to no entity.
    """
    last = migration_directory.last_name(migrations)
    name = new_name(slug, datetime.now(UTC), last)
    up = _NO_CHANGE if found.means and not found.up else to_text(found.up)
    named = tuple(sorted({*chain.from_iterable(components.values())}))
    others = tuple(sorted(set(unmanaged)))
    header = Header(
        last,
        named,
        generated=checksum(up),
        unmanaged=others,
        means=found.means,
        creates=_creates(found, components) if len(named) > 1 else (),
    ).to_sql(name)
    if found.down is None:
        down = f"-- {name} can't be undone automatically: {found.irreversible}\n"
    else:
        notes = "".join(f"-- {note}\n" for note in not_undone(found.changes))
        back = to_text(found.down) if found.down else _NOTHING_BACK
        down = f"-- Undoes {name}\n{notes}{_obstacle(found.obstacle)}\n" + back
    return Migration(name, header + up, down)


def _concerned(found: Plan) -> set[str]:
    """Return the tables, enums and subclasses that ``found`` is about."""
    subclasses = {path_of(each.place) for each in found.means if each.role == Role.SUBCLASS}
    changed = {each.subject for each in found.changes}
    return subclasses | changed | {each.place[0] for each in found.means}


def _creates(found: Plan, components: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the component of each table and enum that is created, as a header lists them.

    Of subclasses, it lists those in a table of another component.
    """
    made = {each.subject for each in found.changes if isinstance(each, CreateTable | CreateEnum)}
    made |= {
        path_of(each.place)
        for each in found.means
        if each.role == Role.SUBCLASS
        and each.of
        and components.get(path_of(each.place)) != components.get(each.place[0])
    }
    return nameable(
        sorted(
            f"{of[0]}.{name}" for name, of in components.items() if len(of) == 1 and name in made
        )
    )


_RECORDS_ONLY = ": it only records what names stand for"
_NO_CHANGE = "-- Nothing changes in the database: only what its names stand for is new.\n"
_NOTHING_BACK = "SELECT 1; -- nothing in the database has to change back\n"


def _obstacle(obstacle: str) -> str:
    """Return the comment that warns of rows that can't be undone with, if there is reason to."""
    if not obstacle:
        return ""
    said = "\n".join(f"--   {line}" for line in obstacle.splitlines())
    return f"-- Validated without rows only. With the existing rows\n{said}\n"
