"""The planner: from what migrations build to what entities declare, validated before it is seen."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from berceau.migration.kept import kept_by
from berceau.migration.left import Left
from berceau.migration.migration import Migration
from berceau.migration.provenance import made_by_entities
from berceau.postgres.core.refusals import explained
from berceau.postgres.core.url import Url
from berceau.schema.choices import Choices
from berceau.schema.diff import diff
from berceau.schema.expanding import require_one_side
from berceau.schema.kept import Kept, Kind
from berceau.schema.kept_parts import present, returned, with_kept
from berceau.schema.kept_parts import without_meanings as without_kept_meanings
from berceau.schema.lowering import RETIRED
from berceau.schema.meaning import Meaning, Place
from berceau.schema.model import Schema, Table
from berceau.schema.naming import renamings
from berceau.schema.old_names import require_free
from berceau.schema.preserve import keep
from berceau.schema.recorded import missing, places
from berceau.schema.renames import parse
from berceau.schema.row_impact import looked_up
from berceau.schema.staying import Staying, followers, with_staying, without
from berceau.schema.subset import Part
from berceau.schema.subset import between as part_between
from berceau.schema.suggest import suggest_wholes
from berceau.schema.transfers import with_transfers
from berceau.workflows.compatibility.witness import Witness
from berceau.workflows.deploy.replay import Replayed, desired, replay_cached
from berceau.workflows.shared.cache import SchemaCache
from berceau.workflows.write import agreement
from berceau.workflows.write.decisions import Decisions
from berceau.workflows.write.draft import Draft
from berceau.workflows.write.meanings import (
    astray,
    guessed,
    loses_relations,
    records,
    with_meanings,
    without_meanings,
)
from berceau.workflows.write.plan import NOTHING, Plan
from berceau.workflows.write.scratch_copy import Copy


@dataclass(frozen=True)
class Sides:
    """What migrations have ``built``, and what is ``wanted``, both as the catalog shows it.

    The tables that are ``led`` by others aren't compared, and what is ``kept`` stays. ``means`` is
    what names stand for and no migration records yet, and ``notes`` are where that was guessed.
    Where names went ``astray``, what they stand for changed. Columns that ``returned`` were kept,
    and are declared again.
    """

    built: Replayed
    wanted: Schema
    led: Set[str]
    means: tuple[Meaning, ...]
    notes: tuple[str, ...]
    astray: bool
    kept: frozenset[Kept]
    returned: frozenset[tuple[str, str]]

    @property
    def current(self) -> Schema:
        """What the migrations build."""
        return self.built.schema

    @property
    def differ(self) -> bool:
        """Whether there is anything to change."""
        return self.astray or _differ(self.current, keep(self.current, self.wanted))


@dataclass(frozen=True)
class Planner:
    """Plans what follows ``migrations`` on the server of ``migration_url``.

    What no entity ever declared stays, and so does what ``unmanaged`` has a pattern for, and what
    is ``left`` of components that are gone. The ``cache`` keeps what was built before.
    """

    migration_url: Url
    migrations: Sequence[Migration]
    cache: SchemaCache
    decisions: Decisions = field(default_factory=Decisions)
    unmanaged: Sequence[str] = ()
    left: Left = field(default_factory=Left)

    def plan(self, declared: Schema) -> Plan:
        """Return the plan that leads from what the migrations build to what is ``declared``.

        Both sides are built in scratch schemas and read from the catalog, so that like is compared
        with like. The plan is carried out, up and down, in a copy of what it concerns before it is
        returned. Raises ``MigrationError`` if it doesn't give exactly what it should.
        """
        declared = self.left.over(declared)
        staying = (*self.unmanaged, *sorted(self.left.names))
        known = (self.migration_url, declared, self.migrations, self.cache, staying)
        if not self.decisions.given and agreement.is_known(*known):
            return replace(NOTHING, notes=tuple(_notes(self.left.names)))
        sides = self._sides(declared)
        if not (self.decisions.given or sides.differ):
            if not sides.means:
                agreement.remember(*known)
            return replace(NOTHING, means=sides.means, notes=sides.notes)
        require_free(sides.current, sides.wanted)
        choices = self.decisions.choices.over(declared)
        with explained("Nothing was written. Write the migration by hand."):
            found = self._validated(self._moving(sides, choices), choices)
        gone = kept_by(self.migrations).keys() - sides.kept
        return replace(
            found,
            means=sides.means,
            notes=(*sides.notes, *found.notes),
            keeps=(*found.keeps, *self._transfers()),
            ends=tuple(sorted({*gone, *found.ends})),
        )

    def _moving(self, sides: Sides, choices: Choices) -> Sides:
        """Return ``sides``; what is wanted keeps columns that move in step with the new ones."""
        moves, keeping = self.decisions.moves, self.decisions.keeping
        wanted = with_transfers(sides.current, sides.wanted, moves, choices, keeping.stays)
        return replace(sides, wanted=wanted)

    def _transfers(self) -> Iterator[Kept]:
        """Yield what new transfers are kept as, each once."""
        tables = dict.fromkeys((old[0], new[0]) for old, new in self.decisions.moves)
        yield from (Kept(Kind.TRANSFER, place) for place in tables)

    def _sides(self, declared: Schema) -> Sides:
        """Build both sides, and leave out of the comparison what isn't the entities'."""
        built = replay_cached(self.migration_url, self.migrations, self.cache)
        seen = desired(self.migration_url, declared, self.cache, self.migrations)
        require_one_side(built.schema, seen)
        wanted = replace(seen, meanings=declared.meanings)
        led = followers(built.schema, wanted)
        current = with_meanings(without(built.schema, led), self.migrations, wanted)
        renames = parse(self.decisions.renames, current, wanted)
        leaving = {".".join(each.place) for each in renames}
        left = self._left(current, wanted, leaving)
        current = without_meanings(current, left)
        made = set(made_by_entities(self.migrations)) - left.keys()
        columns = self.left.columns.keys()
        kept = self._kept(current, wanted, {each.place for each in renames})
        wanted = with_staying(current, wanted, Staying(made, self.unmanaged, leaving, columns))
        wanted = with_kept(current, wanted, kept)
        current = without_kept_meanings(current, kept | self.decisions.ending)
        means = missing(records(self.migrations), declared, left)
        return Sides(
            replace(built, schema=current),
            wanted,
            led,
            means,
            (*_notes(left | self.left.parts), *guessed(current, means)),
            bool(astray(current, wanted)),
            kept,
            returned(kept_by(self.migrations).keys() - kept, current, seen),
        )

    def _kept(self, current: Schema, wanted: Schema, renamed: Set[Place]) -> frozenset[Kept]:
        """Return what stays for the running release: not what ends, or takes another name."""
        kept = set(present(kept_by(self.migrations), current, wanted))
        gone = {each for each in kept if each.is_whole and each.place in renamed}
        return frozenset(kept) - gone - self.decisions.ending

    def _left(self, current: Schema, wanted: Schema, leaving: Set[str]) -> dict[str, str]:
        """Return what stays of components that are gone: not what may have another name now."""
        found, new = self.left.component_by_name, self.left.newcomers
        if not found:
            return {}
        new_tables = tuple(table for table in wanted.tables if table.name in new)
        new_enums = tuple(enum for enum in wanted.enums if enum.name in new)
        questions = suggest_wholes(current, replace(wanted, tables=new_tables, enums=new_enums))
        renamed = {each.before for each in questions} | leaving
        return {name: component for name, component in found.items() if name not in renamed}

    def _validated(self, sides: Sides, choices: Choices) -> Plan:
        """Plan and validate on a copy of the part that changes, or of the whole if need be."""
        part = self._part(sides)
        found = self._on(
            Copy(self.migration_url, self.migrations, sides.built, part), sides, choices
        )
        if found.up and found.built is None and part is not None:
            found = self._on(
                Copy(self.migration_url, self.migrations, sides.built, None), sides, choices
            )
        return found

    def _part(self, sides: Sides) -> Part | None:
        """Return the part of the schema that changes; ``None`` where it doesn't stand on its own.

        Only plain tables can be made again as they are read: views, partitions and the like need
        all migrations.
        """
        current, wanted = sides.current, sides.wanted
        if self.decisions.renames or sides.astray or loses_relations(current, wanted):
            return None
        if sides.built.objects or any(table.others for table in current.tables):
            return None
        names = [each.name for each in current.enums] + [each.name for each in current.tables]
        if any(name.endswith(RETIRED) for name in names):
            return None  # what stands aside needs a name that nothing has

        there = places(wanted)

        def same(before: Table, after: Table) -> bool:
            if any(
                (key.target, name) not in there
                for key in after.foreign_keys
                for name in key.target_columns
            ):
                return False  # one that stays, and leads to what may get another name
            one = Schema(tables=(before,))
            return before == after or not _differ(one, Schema(tables=(after,)))

        return part_between(current, wanted, same, looked_up(current, self.decisions.choices))

    def _on(self, copy: Copy, sides: Sides, choices: Choices) -> Plan:
        release = self.decisions.find_running()
        witness = Witness(release, sides.wanted) if release is not None else None
        with copy.open() as connection:
            wanted = copy.of(sides.wanted)
            keeps = (sides.kept, sides.returned)
            draft = Draft(copy, connection, wanted, sides.led, self.decisions, *keeps, witness)
            found = draft.plan(choices)
        return replace(found, verdict=witness.verdict) if witness is not None else found


def _notes(left: Mapping[str, str]) -> Iterator[str]:
    """Yield a line for each component that is gone, with what it left."""
    for component in sorted(set(left.values())):
        names = ", ".join(name for name in sorted(left) if left[name] == component)
        yield (
            f"kept of the component {component}, which isn't there: {names} "
            f"(to drop it: invoke migrate --drop-component {component.partition(' or ')[0]})"
        )


def _differ(current: Schema, wanted: Schema) -> bool:
    return bool(diff(current, wanted) or renamings(current, wanted))
