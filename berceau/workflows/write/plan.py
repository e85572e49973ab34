"""Plan: the SQL that leads from the migrations to the entities, proven before anyone sees it."""

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace

from berceau.errors import MigrationError, StatementError
from berceau.migration.migration import Migration
from berceau.migration.provenance import made_by_entities
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.core.refusals import explained
from berceau.postgres.core.url import Url
from berceau.postgres.inspect.dependents import User, in_the_way, users, users_after
from berceau.postgres.rows.stillness import active, silence
from berceau.schema.changes import Change, Recode
from berceau.schema.choices import NO_CHOICES, Choices
from berceau.schema.diff import diff
from berceau.schema.held import Hidden
from berceau.schema.lowering import RETIRED, InTheWay, in_steps
from berceau.schema.meaning import missing
from berceau.schema.model import Meaning, Schema, Table
from berceau.schema.naming import renamings, with_names
from berceau.schema.order import order
from berceau.schema.preserve import keep
from berceau.schema.rename_changes import inverse
from berceau.schema.renames import parse
from berceau.schema.row_impact import looked_up
from berceau.schema.sql import Statement, to_statements
from berceau.schema.staying import Staying, followers, with_staying, without
from berceau.schema.subset import Part, between
from berceau.workflows.deploy.replay import Replayed, desired, refusing, replayed
from berceau.workflows.shared.cache import SchemaCache
from berceau.workflows.shared.row_counts import unseen
from berceau.workflows.write import agreement
from berceau.workflows.write.gaps import AskValue
from berceau.workflows.write.given_values import explaining
from berceau.workflows.write.meanings import (
    astray,
    counting,
    guessed,
    loses_relations,
    records,
    with_meanings,
    with_subclasses,
)
from berceau.workflows.write.preflight import fit
from berceau.workflows.write.renames import Ask, Settled, carry_out, decline, settle
from berceau.workflows.write.scratch_copy import Copy
from berceau.workflows.write.target import Rows
from berceau.workflows.write.validation import (
    Case,
    Filled,
    Proof,
    RowsChangedError,
    blames_rows,
    fill,
    prove,
)


@dataclass(frozen=True)
class Plan:
    """The ordered ``changes``, the statements ``up``, and those ``down`` that undo them.

    ``down`` is ``None`` where the changes can't be undone automatically; ``irreversible`` says
    why. ``obstacle`` says why it can't be while there are rows as those at hand. ``built`` is what
    the migrations build together with this one, where the proof showed it. ``notes`` say which
    tables it was proven on without rows, and why. ``means`` has to be recorded with it.
    ``hidden`` is what rows hold by then where their entity doesn't look.
    """

    changes: tuple[Change, ...]
    up: tuple[Statement, ...]
    down: tuple[Statement, ...] | None
    irreversible: str = ""
    obstacle: str = ""
    built: Replayed | None = None
    notes: tuple[str, ...] = ()
    means: tuple[Meaning, ...] = ()
    hidden: tuple[Hidden, ...] = ()


NOTHING = Plan((), (), ())


def plan(
    owner: Url,
    declared: Schema,
    scripts: Sequence[Migration],
    cache: SchemaCache,
    renames: Sequence[str] = (),
    ask: Ask | None = decline,
    choices: Choices = NO_CHOICES,
    ask_value: AskValue | None = None,
    unmanaged: Sequence[str] = (),
) -> Plan:
    """Return the plan that leads from what ``scripts`` build to what is ``declared``.

    What no entity ever declared stays, and so does what ``unmanaged`` has a pattern for.

    It begins with the ``renames``, each as ``--rename`` takes it, and those that ``ask``
    confirms; everything else is found by comparison. Without ``ask``, raises ``RenameError``
    where something may have been renamed. What rows need comes from ``choices`` and from
    ``ask_value``; without it, raises ``MigrationError`` where they need more.

    Both sides are built in scratch schemas and read from the catalog, so that like is compared
    with like; the ``cache`` spares what was built before. The plan is carried out in a copy of
    what it concerns, forth and back, before it is returned: raises ``MigrationError`` if it doesn't
    give exactly what it should.
    """
    chosen = renames or choices.backfills or choices.usings or choices.labels or choices.subclasses
    if not chosen and agreement.is_known(owner, declared, scripts, cache, unmanaged):
        return NOTHING
    built = replayed(owner, scripts, cache)
    wanted = replace(desired(owner, declared, cache, scripts), meanings=declared.meanings)
    led = followers(built.schema, wanted)
    current = with_meanings(without(built.schema, led), scripts, wanted)
    built = replace(built, schema=current)
    leaving = {each.before for each in parse(renames, built.schema, wanted)}
    staying = Staying(made_by_entities(scripts), unmanaged, leaving)
    wanted = with_staying(built.schema, wanted, staying)
    means = missing(records(scripts), declared)
    is_astray = bool(astray(current, wanted))
    late = tuple(guessed(current, means))
    if not (chosen or is_astray) and not _differ(current, keep(current, wanted)):
        if not means:
            agreement.remember(owner, declared, scripts, cache, unmanaged)
        return replace(NOTHING, means=means, notes=late)

    def on(copy: Copy) -> Plan:
        return _plan(copy, copy.of(wanted), led, renames, ask, choices.over(declared), ask_value)

    whole = renames or is_astray or loses_relations(current, wanted)
    part = None if whole else _part(built, wanted, choices)
    with explained("Nothing was written. Write the migration by hand."):
        found = on(Copy(owner, scripts, built, part))
        if found.up and found.built is None and part is not None:
            found = on(Copy(owner, scripts, built, None))
        return replace(found, means=means, notes=(*late, *found.notes))


def _plan(
    copy: Copy,
    wanted: Schema,
    led: Set[str],
    renames: Sequence[str],
    ask: Ask | None,
    choices: Choices,
    ask_value: AskValue | None,
) -> Plan:
    """Return the plan that leads from what is copied to what is ``wanted`` of it.

    The tables that are ``led`` by others are in the copy, and otherwise left out.
    """
    with copy.open() as connection:
        current = copy.of(copy.built.schema)
        with connect(copy.owner) as target:
            used = users(connection) | users(target)
        mapped = {**choices.labels, **choices.subclasses}
        count = counting(copy.owner)
        settled = settle(connection, current, wanted, renames, ask, mapped, count)
        settled = _with_room(connection, settled, wanted, led)
        wanted = with_names(settled.schema, keep(settled.schema, wanted))
        changes = diff(settled.schema, wanted)
        if not (settled.changes or changes or settled.recoded):
            return replace(NOTHING, hidden=settled.hidden)
        used = users_after(settled.changes, used)

        recodes = (Recode(each.place[0], each.place[1], ()) for each in settled.recoded)
        touching = (*changes, *recodes)

        def rows_in(scratch: Connection, choices: Choices) -> Filled:
            owner = copy.owner.schema
            return fill(scratch, owner, current, settled, touching, choices)

        filled = rows_in(connection, choices)
        choices = _fitted(copy.owner, settled, changes, used, choices, ask_value)
        found = _between(settled, wanted, choices, in_the_way(used))
        case = Case(current, settled, wanted, found.changes, found.up, found.down, led)
        with (
            explaining(Rows(connection, (), wanted), changes, choices),
            refusing("Take the change in several steps, or write the migration by hand."),
        ):
            proof, notes = _prove(
                copy, connection, case, lambda other: rows_in(other, choices), filled
            )
        return replace(
            found,
            obstacle=proof.obstacle,
            built=copy.put(proof.built),
            notes=(*filled.notes, *notes, *unseen(copy.owner, found.changes)),
            hidden=settled.hidden,
        )


def _with_room(connection: Connection, settled: Settled, wanted: Schema, led: Set[str]) -> Settled:
    """Return ``settled`` with the names that entities give, and without the tables that are led."""
    settled = replace(settled, schema=without(settled.schema, led))
    names = renamings(settled.schema, keep(settled.schema, wanted))
    if not names:
        return settled
    found = carry_out(connection, settled, names)
    return replace(found, schema=without(found.schema, led))


def _fitted(
    owner: Url,
    settled: Settled,
    changes: Sequence[Change],
    used: Set[User],
    choices: Choices,
    ask: AskValue | None,
) -> Choices:
    """Return ``choices`` as the rows of the database need them."""
    with connect(owner) as target:
        target.set_session(readonly=True, autocommit=True)
        rows = Rows(target, settled.changes, settled.schema, used)
        return fit(rows, changes, with_subclasses(rows, settled.recoded, choices, ask), ask)


def _part(built: Replayed, wanted: Schema, choices: Choices) -> Part | None:
    """Return the part of the schema that changes; ``None`` where it doesn't stand on its own.

    Only plain tables can be made anew as they are read: views, partitions and the like need all
    migrations.
    """
    if built.objects or any(table.others for table in built.schema.tables):
        return None

    names = [enum.name for enum in built.schema.enums]
    names += [table.name for table in built.schema.tables]
    if any(name.endswith(RETIRED) for name in names):
        return None  # what stands aside needs a name that nothing has

    def same(before: Table, after: Table) -> bool:
        return before == after or not _differ(Schema(tables=(before,)), Schema(tables=(after,)))

    return between(built.schema, wanted, same, looked_up(built.schema, choices))


def _differ(current: Schema, desired: Schema) -> bool:
    return bool(diff(current, desired) or renamings(current, desired))


def _prove(
    copy: Copy,
    connection: Connection,
    case: Case,
    refill: Callable[[Connection], Filled],
    filled: Filled,
) -> tuple[Proof, Sequence[str]]:
    """Prove ``case`` with rows, and without where rows get in the way; return what to note of it.

    Unless rows of the database were copied, those that were made up may be wrong. What changes
    rows is the plan or a trigger: ``refill`` puts the rows in again, to prove it without triggers.
    """
    obstacle = ""
    notes: list[str] = []
    actors = active(connection)
    try:
        proof = prove(connection, case)
        if not proof.obstacle:
            return proof, notes
        obstacle = proof.obstacle
    except StatementError as error:
        if filled.copied or not blames_rows(error):
            raise
        notes.append(f"proven without rows: those that were made up don't fit ({error.message})")
    except RowsChangedError:
        if not actors:
            raise
        with copy.open() as still:
            refill(still)
            silence(still)
            proof = prove(still, case)
        return proof, (f"triggers and rules change rows, too: {', '.join(actors)}",)
    with copy.open() as empty:
        return replace(prove(empty, case), obstacle=obstacle), notes


def _between(settled: Settled, desired: Schema, choices: Choices, barred: InTheWay) -> Plan:
    current = settled.schema
    later = order(in_steps(diff(current, desired), current, desired, choices, barred))
    changes = (*settled.changes, *later)
    up = (*to_statements(settled.changes), *to_statements(later))
    try:
        undone = choices.undone(current, desired)
        back = order(in_steps(diff(desired, current), desired, current, undone, barred))
        down = (*to_statements(back), *to_statements(inverse(settled.changes)))
    except MigrationError as error:
        return Plan(changes, up, None, error.message)
    return Plan(changes, up, down)
