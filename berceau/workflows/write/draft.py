"""A draft: renames settled, rows asked, SQL written and validated, all on one scratch copy."""

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace

from berceau.errors import StatementError
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.inspect.dependents import User, in_the_way, users, users_after
from berceau.postgres.rows.stillness import active, silence
from berceau.schema.changes import Change, Recode
from berceau.schema.choices import NO_CHOICES, Choices
from berceau.schema.diff import diff
from berceau.schema.model import Schema
from berceau.schema.naming import renamings, with_names
from berceau.schema.preserve import keep
from berceau.schema.staying import following, without
from berceau.workflows.deploy.replay import refusing
from berceau.workflows.shared.row_counts import unseen
from berceau.workflows.write.gaps import AskValue
from berceau.workflows.write.given_values import explaining
from berceau.workflows.write.meanings import (
    counting,
    with_subclasses,
)
from berceau.workflows.write.plan import NOTHING, Plan, between
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
class Decisions:
    """What is settled about a change: by options first, and then by a person.

    ``renames`` are as ``--rename`` takes them, and ``choices`` what rows get. ``ask`` settles what
    else may have been renamed; without it, such a change raises ``RenameError``. ``ask_value``
    gives what rows need besides; without it, that raises ``MigrationError``.
    """

    renames: Sequence[str] = ()
    choices: Choices = NO_CHOICES
    ask: Ask | None = decline
    ask_value: AskValue | None = None

    @property
    def given(self) -> bool:
        """Whether an option chose anything."""
        chosen = self.choices
        return bool(
            self.renames or chosen.backfills or chosen.usings or chosen.labels or chosen.subclasses
        )


@dataclass(frozen=True)
class Draft:
    """A plan that is made and validated on one ``copy``, which ``connection`` leads to.

    The tables that are ``led`` by others are in the copy, and are left out of ``wanted``.
    """

    copy: Copy
    connection: Connection
    wanted: Schema
    led: Set[str]
    decisions: Decisions

    def plan(self, choices: Choices) -> Plan:
        """Settle renames, compare, ask what rows need, write SQL, and validate it."""
        settled = self._settle(choices)
        followed = following(self.wanted, settled.changes)
        wanted = with_names(settled.schema, keep(settled.schema, followed))
        changes = diff(settled.schema, wanted)
        if not (settled.changes or changes or settled.recoded):
            return replace(NOTHING, hidden=settled.hidden)
        used = users_after(settled.changes, self._used())
        filled = self._fill(self.connection, settled, changes, choices)
        choices = self._fitted(settled, changes, used, choices)
        found = between(
            settled.schema,
            wanted,
            renamed=settled.changes,
            choices=choices,
            in_the_way=in_the_way(used),
        )
        case = Case(self._current, settled, wanted, found.changes, found.up, found.down, self.led)
        with (
            explaining(Rows(self.connection, (), wanted), changes, choices),
            refusing("Take the change in several steps, or write the migration by hand."),
        ):
            proof, notes = self._prove(case, changes, choices, filled)
        return replace(
            found,
            obstacle=proof.obstacle,
            built=self.copy.put(proof.built),
            notes=(*filled.notes, *notes, *unseen(self.copy.migration_url, found.changes)),
            hidden=settled.hidden,
        )

    @property
    def _current(self) -> Schema:
        return self.copy.of(self.copy.built.schema)

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
            {**choices.labels, **choices.subclasses},
            counting(self.copy.migration_url),
        )
        found = replace(found, schema=without(found.schema, self.led))
        followed = following(self.wanted, found.changes)
        names = renamings(found.schema, keep(found.schema, followed))
        if names:
            found = carry_out(self.connection, found, names)
            found = replace(found, schema=without(found.schema, self.led))
        return found

    def _fill(
        self,
        scratch: Connection,
        settled: Settled,
        changes: Sequence[Change],
        choices: Choices,
    ) -> Filled:
        """Put rows into the tables of the copy that ``scratch`` leads to."""
        recodes = (Recode(each.place[0], each.place[1], ()) for each in settled.recoded)
        source = self.copy.migration_url.schema
        return fill(scratch, source, self._current, settled, (*changes, *recodes), choices)

    def _fitted(
        self,
        settled: Settled,
        changes: Sequence[Change],
        used: Set[User],
        choices: Choices,
    ) -> Choices:
        """Return ``choices`` as the rows of the database need them."""
        ask = self.decisions.ask_value
        with connect(self.copy.migration_url) as target:
            target.set_session(readonly=True, autocommit=True)
            rows = Rows(target, settled.changes, settled.schema, used)
            return fit(rows, changes, with_subclasses(rows, settled.recoded, choices, ask), ask)

    def _prove(
        self, case: Case, changes: Sequence[Change], choices: Choices, filled: Filled
    ) -> tuple[Proof, Sequence[str]]:
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
                self._fill(still, case.settled, changes, choices)
                silence(still)
                proof = prove(still, case)
            return proof, (f"triggers and rules change rows, too: {', '.join(actors)}",)
        with self.copy.open() as empty:
            return replace(prove(empty, case), obstacle=obstacle), notes
