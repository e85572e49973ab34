"""A draft: renames settled, rows asked, SQL written and validated, all on one scratch copy."""

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from functools import partial

from berceau.errors import StatementError
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.inspect.dependents import User, in_the_way, users, users_after, viewers
from berceau.postgres.rows.stillness import active, silence
from berceau.schema.changes import Recode
from berceau.schema.choices import Choices, Place
from berceau.schema.diff import diff
from berceau.schema.distribution import require_possible
from berceau.schema.expanding import set_aside
from berceau.schema.filling import fills, with_fills
from berceau.schema.keeping import (
    Keeping,
    with_defaults,
    with_nulls,
)
from berceau.schema.kept import Kept, Kind
from berceau.schema.labels import has_both_names
from berceau.schema.model import Schema
from berceau.schema.naming import renamings
from berceau.schema.preserve import keep
from berceau.schema.release import Misfit, fits
from berceau.schema.staying import following, without
from berceau.schema.steady import require_steady
from berceau.schema.subclasses import handed_over, require_found_again
from berceau.workflows.compatibility.witness import Witness
from berceau.workflows.deploy.replay import refusing
from berceau.workflows.shared.row_counts import unseen
from berceau.workflows.shared.row_source import row_source
from berceau.workflows.write.decisions import Decisions
from berceau.workflows.write.desired import Desired, beside, desire
from berceau.workflows.write.given_values import explaining
from berceau.workflows.write.meanings import counting, with_subclasses
from berceau.workflows.write.plan import NOTHING, Plan, between
from berceau.workflows.write.preflight import fit
from berceau.workflows.write.renames import Settled, carry_out, settle
from berceau.workflows.write.scratch_copy import Copy
from berceau.workflows.write.target import Rows
from berceau.workflows.write.uses import in_use
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
class Draft:
    """A plan that is made and validated on one ``copy``, which ``connection`` leads to.

    The tables that are ``led`` by others are in the copy, and are left out of ``wanted``. What is
    ``kept`` already stays. Columns that ``returned`` were kept, and are declared again. A
    ``witness`` watches a release that runs meanwhile.
    """

    copy: Copy
    connection: Connection
    wanted: Schema
    led: Set[str]
    decisions: Decisions
    kept: frozenset[Kept] = frozenset()
    returned: frozenset[Place] = frozenset()
    witness: Witness | None = None

    def plan(self, choices: Choices) -> Plan:
        """Settle renames, compare, ask what rows need, write SQL, and validate it."""
        settled = self._settle(choices)
        keeping = self.decisions.keeping.over(settled.schema)
        desired = desire(settled, self.wanted, keeping, self.kept, choices)
        if not (settled.changes or desired.changes or settled.recoded or desired.choices.values):
            return replace(NOTHING, hidden=settled.hidden, keeps=tuple(desired.dropped))
        keeping.require_same_types(desired.changes, self.returned)
        keeping.require_defaults(desired.changes, desired.names.values())
        used = {*users_after(settled.changes, self._used()), *viewers(settled.schema)}
        filled = self._fill(self.connection, settled, desired)
        desired = replace(desired, choices=self._fitted(settled, desired, used))
        served, needs = self._serving(keeping, settled, desired)
        require_steady(desired.changes, served)
        found = between(
            settled.schema,
            served,
            renamed=settled.changes,
            choices=desired.choices,
            in_the_way=in_the_way(used),
            misfits=self._misfits(served),
        )
        found = _undone_if_possible(found, used, served, settled.schema)
        require_possible(served, found.changes)
        case = Case(
            self._current,
            settled,
            desired.schema,
            found.changes,
            found.up,
            found.down,
            self.led,
            (*desired.stays, *needs),
            self.witness,
        )
        proof, notes = self._prove(case, desired, filled)
        return replace(
            found,
            obstacle=proof.obstacle,
            built=self.copy.put(proof.built),
            notes=(*filled.notes, *notes, *unseen(self.copy.migration_url, found.changes)),
            hidden=settled.hidden,
            keeps=(*desired.keeps, *needs),
            ends=desired.ends,
        )

    def _serving(
        self, keeping: Keeping, settled: Settled, desired: Desired
    ) -> tuple[Schema, tuple[Kept, ...]]:
        """Return what serves the running release, too, and what is kept for that."""
        changes, choices = desired.changes, desired.choices
        require_found_again(keeping, choices)
        values = handed_over(keeping, settled.recoded, choices)
        defaults = keeping.defaults(changes, choices, self.returned)
        filling = fills(keeping, changes, choices, self.returned)
        nulls = keeping.nulls(changes, choices, self.returned)
        served = with_defaults(desired.schema, defaults)
        served = with_nulls(with_fills(served, filling, {**desired.labels, **values}), nulls)
        replaced = ((*place, old) for place, pairs in values.items() for old in pairs)
        needs = (Kept(Kind.MAPPING, place) for place in replaced)
        return served, (*defaults, *filling, *nulls, *needs)

    @property
    def _current(self) -> Schema:
        return self.copy.of(self.copy.built.schema)

    def _misfits(self, planned: Schema) -> tuple[Misfit, ...]:
        """Return what of the running release the plan breaks.

        Where that isn't known, it is taken to be what the migrations make.
        """
        if not self.decisions.keeping.active:
            return ()
        release = self.copy.of(self.decisions.keeping.release or self._current)
        known = fits(release, self._current)
        return tuple(each for each in fits(release, planned) if each not in known)

    def _used(self) -> Set[User]:
        """Return what uses tables and columns, in the copy and in the database."""
        with connect(self.copy.migration_url) as target:
            return users(self.connection) | users(target)

    def _settle(self, choices: Choices) -> Settled:
        """Settle renames, and give what stays the names that entities give."""
        found = settle(
            self.connection,
            self._current,
            self.wanted,
            self.decisions.renames,
            self.decisions.ask,
            {**choices.labels, **choices.subclasses, **choices.backfills},
            counting(self.copy.migration_url),
            partial(has_both_names, self.decisions.keeping),
        )
        self.decisions.keeping.require_tables(found.changes, self.wanted)
        found = replace(found, schema=without(found.schema, self.led))
        followed = following(self.wanted, found.changes)
        keeping = self.decisions.keeping.over(found.schema)
        groups = beside(found, self.wanted, keeping, choices)
        names = renamings(found.schema, keep(found.schema, followed))
        names = (*set_aside(found.schema, self.wanted, groups), *names)
        if names:
            found = carry_out(self.connection, found, names)
            found = replace(found, schema=without(found.schema, self.led))
        return found

    def _fill(self, scratch: Connection, settled: Settled, desired: Desired) -> Filled:
        """Put rows into the tables of the copy that ``scratch`` leads to."""
        choices = desired.choices
        places = {(each.place[0], each.place[1]) for each in settled.recoded}
        recodes = (Recode(*place, ()) for place in sorted(places | choices.values.keys()))
        source = row_source(self.copy.migration_url, self._current)
        changes = (*desired.changes, *recodes)
        return fill(scratch, source, self._current, settled, changes, choices)

    def _fitted(self, settled: Settled, desired: Desired, used: Set[User]) -> Choices:
        """Return the choices of ``desired`` as the rows of the database need them."""
        ask = self.decisions.ask_value
        with connect(self.copy.migration_url) as target:
            target.set_session(readonly=True, autocommit=True)
            rows = Rows(target, settled.changes, settled.schema, used)
            choices = with_subclasses(rows, settled.recoded, desired.choices, ask)
            return fit(rows, desired.changes, choices, ask)

    def _prove(self, case: Case, desired: Desired, filled: Filled) -> tuple[Proof, Sequence[str]]:
        """Validate ``case``, and return what to note; an error says what to do about it."""
        with (
            explaining(Rows(self.connection, (), desired.schema), desired.changes, desired.choices),
            refusing("Take the change in several steps, or write the migration by hand."),
        ):
            return self._proven(case, desired, filled)

    def _proven(self, case: Case, desired: Desired, filled: Filled) -> tuple[Proof, Sequence[str]]:
        """Validate ``case`` with rows, and without where rows get in the way; and what to note.

        Unless rows of the database were copied, those that were made up may be wrong. Where the
        rows change, the plan or a trigger did it: it is validated again without triggers.
        """
        actors = active(self.connection)
        obstacle, notes = "", []
        try:
            proof = prove(self.connection, case)
            if not proof.obstacle:
                return proof, ()
            obstacle = proof.obstacle
        except StatementError as error:
            if filled.copied or not blames_rows(error):
                raise
            notes.append(f"validated without rows: the generated rows don't fit ({error.message})")
        except RowsChangedError:
            if not actors:
                raise
            with self.copy.open() as still:
                self._fill(still, case.settled, desired)
                silence(still)
                proof = prove(still, case)
            return proof, (f"triggers and rules change rows, too: {', '.join(actors)}",)
        with self.copy.open() as empty:
            return replace(prove(empty, case), obstacle=obstacle), notes


def _undone_if_possible(found: Plan, used: Set[User], after: Schema, before: Schema) -> Plan:
    """Return ``found``, and nothing that undoes it where what uses ``after`` stands in the way.

    PostgreSQL adds a label to an enum in place, but to take it away the enum has to be rebuilt.
    """
    if found.down is None:
        return found
    reasons = "; ".join(in_use(used, after, diff(after, before)))
    return replace(found, down=None, irreversible=f"{reasons}.") if reasons else found
