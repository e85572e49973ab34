"""Migrate: write the difference between entities and migrations, proven, and apply it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType

from berceau.migration.components import components_of
from berceau.migration.header import Phase
from berceau.migration.left import Settled
from berceau.migration.migration import Migration
from berceau.postgres.core.connection import Connection
from berceau.postgres.runner.progress import Report, silent
from berceau.schema.choices import parse, parse_moves
from berceau.schema.keeping import Keeping
from berceau.schema.kept import Kept
from berceau.schema.meaning import Role
from berceau.schema.model import Schema
from berceau.schema.renames import path_of
from berceau.schema.sql import Statement
from berceau.schema.staying import Staying
from berceau.settings import Settings
from berceau.tenancy import Scope
from berceau.workflows.compatibility.refusal import refuse_break
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.deploy import apply_pending, deploying
from berceau.workflows.deploy.replay import remember
from berceau.workflows.shared.cache import SchemaCache
from berceau.workflows.shared.databases import resolve_databases
from berceau.workflows.write.answers import Answers, Unanswered
from berceau.workflows.write.decisions import Decisions
from berceau.workflows.write.destructive import refuse_loss
from berceau.workflows.write.existing import refuse_what_is_there
from berceau.workflows.write.files import to_empty_migration, to_migration
from berceau.workflows.write.gaps import AskValue
from berceau.workflows.write.left import find_left, refuse_taken
from berceau.workflows.write.plan import Plan
from berceau.workflows.write.planner import Planner
from berceau.workflows.write.renames import Ask, decline
from berceau.workflows.write.running import Running, require_agreement, still_kept


@dataclass(frozen=True)
class Options:
    """What the developer chose.

    ``name`` describes the migration in a word or two; ``renames``, ``backfills``, ``labels`` and
    ``usings`` are as ``--rename``, ``--backfill``, ``--map-value`` and ``--using`` take them.
    ``dropped_components`` are the names of components that are gone, and whose tables go, too.
    ``allow_downtime`` says that no release runs meanwhile. ``against`` is the git revision that
    runs, where it isn't the shared branch; with ``expand``, it is what the migrations build, where
    git doesn't say. ``contract`` ends what earlier migrations keep for releases before: what
    ``contracted`` has a pattern for, by default all.
    """

    name: str = "changes"
    create_only: bool = False
    allow_data_loss: bool = False
    renames: Sequence[str] = ()
    backfills: Sequence[str] = ()
    labels: Sequence[str] = ()
    usings: Sequence[str] = ()
    moves: Sequence[str] = ()
    dropped_components: Sequence[str] = ()
    allow_downtime: bool = False
    against: str | None = None
    contract: bool = False
    contracted: Sequence[str] = ()
    expand: bool = False
    empty: bool = True
    scope: Scope | None = None
    after: str | None = None

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
        moves = parse_moves(self.moves)
        choices = parse(self.backfills, self.labels, self.usings)
        choices = replace(choices, cuts=self.allow_data_loss)
        return Decisions(self.renames, moves, choices, ask, ask_value)


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
    report: Report = silent,
) -> Plan:
    """Return the plan that leads from ``migrations`` to the ``declared`` schema.

    What components that are gone have left stays, but for those that shall be dropped. So does
    what the running release needs.
    """
    settled = Settled(options.renamed_or_mapped, options.dropped_components)
    left = find_left(settings, declared, component_by_name, migrations, settled)
    refuse_taken(left)
    migration_url, cache = resolve_databases(settings).migration_url, SchemaCache(settings.cache)
    active = not (options.allow_downtime or settings.allow_downtime)
    running = Running(settings, migrations, options.against, options.expand, report)
    keeping = Keeping(
        active and not options.contract, running.schema, expendable=options.allow_data_loss
    )

    def planned(ending: frozenset[Kept] = frozenset(), ask: Ask | None = decisions.ask) -> Plan:
        given = replace(decisions, keeping=keeping, ending=ending, ask=ask)
        if active:
            given = replace(given, find_running=running.schema)
        planner = Planner(migration_url, migrations, cache, given, settings.unmanaged, left)
        found = planner.plan(declared)
        if not (found.verdict.misfits or found.verdict.surprises):
            return found
        notes = [f"{running.name} may meet: {each}" for each in found.verdict.surprises]
        return replace(found, release=running.name, notes=(*found.notes, *notes))

    if not options.contract:
        return planned()
    require_agreement(partial(planned, ask=decline))
    kept = tuple(still_kept(settings, declared, migrations))
    ending = running.ending(kept, options.contracted, active=active)
    found = replace(planned(ending), phase=Phase.CONTRACT)
    told = Staying(frozenset(), settings.unmanaged).told
    stays = [each for each in ending if each.is_whole and told(".".join(each.place))]
    notes = (f"stays, since pyproject.toml lists it as unmanaged: {each}" for each in sorted(stays))
    return replace(found, notes=(*found.notes, *notes))


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
                self._tell_kept(found.keeps)
                self._apply(connection, (*migrations, written))
            else:
                self._propose_contract(migrations)
            name = written.name if written else None
            return Outcome(name, found.up, tuple(self.applied))

    def _tell_kept(self, kept: Collection[Kept]) -> None:
        """Tell what stays in the database for a release before."""
        if kept:
            self.report(
                f"kept for an earlier release: {', '.join(map(str, sorted(kept)))} "
                "(once no process of it runs: invoke migrate --contract)"
            )

    def _propose_contract(self, migrations: Sequence[Migration]) -> None:
        """Tell what is kept for a release that isn't known to run any more."""
        kept = still_kept(self.settings, self.declared, migrations)
        if kept:
            running = Running(self.settings, migrations, self.options.against)
            self._tell_kept(running.ended(kept))

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
            self.report,
        )
        for note in found.notes:
            self.report(note)
        return found

    def _write(
        self, connection: Connection, migrations: Sequence[Migration], found: Plan
    ) -> Migration | None:
        """Write what was ``found``, if anything was, and return it."""
        folder, create_only = self.settings.migrations, self.options.create_only
        shown = migration_directory.shown(folder)
        if not found.writes and create_only and self.options.empty:
            migration = to_empty_migration(self.options.name, migrations, self.options.after)
            migration_directory.save(folder, migration)
            written = f"{migration_directory.shown(folder)}/{migration.name}"
            self.report(f"wrote {written}, without a statement: write your SQL into it")
            return migration
        if not found.writes:
            if migration_directory.point_head(folder):
                self.report(f"wrote {shown}/{migration_directory.HEAD}")
            return None
        components = components_of(_concerned(found), self.component_by_name, migrations)
        if not create_only:
            refuse_what_is_there(connection, found.changes, first=not migrations)
        if not self.options.allow_data_loss:
            refuse_loss(connection, found.changes, components, found.hidden)
        refuse_break(found.release, found.verdict.misfits)
        found = replace(found, after=self.options.after)
        migration = to_migration(found, self.options.name, migrations, components)
        migration = replace(migration, folder=shown)
        migration_directory.save(folder, migration)
        if found.built is not None:
            migration_url = resolve_databases(self.settings).migration_url
            cache = SchemaCache(self.settings.cache)
            remember(migration_url, (*migrations, migration), found.built, cache)
        self.report(
            f"wrote {migration_directory.shown(folder)}/{migration.name}" + _recorded(found)
        )
        return migration


def _concerned(found: Plan) -> set[str]:
    """Return the tables, enums and subclasses that ``found`` is about."""
    subclasses = {path_of(each.place) for each in found.means if each.role == Role.SUBCLASS}
    changed = {each.subject for each in found.changes}
    return subclasses | changed | {each.place[0] for each in found.means}


def _recorded(found: Plan) -> str:
    if found.up:
        return ""
    if found.keeps:
        return ": it only records what the running release needs"
    if found.ends and not found.means:
        return ": it only records that what was kept has ended"
    return ": it only records what names stand for"
