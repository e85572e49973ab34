"""A plan: changes in order, the SQL that carries them out, and the SQL that undoes them."""

from collections.abc import Sequence
from dataclasses import dataclass

from berceau.errors import MigrationError
from berceau.migration.header import Phase
from berceau.schema.breaking import marked
from berceau.schema.changes import Change
from berceau.schema.choices import NO_CHOICES, Choices
from berceau.schema.held import Hidden
from berceau.schema.kept import Kept
from berceau.schema.lowering import InTheWay
from berceau.schema.meaning import Meaning
from berceau.schema.model import Schema
from berceau.schema.planning import steps_between
from berceau.schema.release import Misfit
from berceau.schema.rename_changes import inverse
from berceau.schema.renaming import Renaming
from berceau.schema.sql import Statement, rendered, to_statements
from berceau.workflows.compatibility.witness import UNSEEN, Verdict
from berceau.workflows.deploy.replay import Replayed


@dataclass(frozen=True)
class Plan:
    """The ordered ``changes``, the statements ``up``, and those ``down`` that undo them.

    ``down`` is ``None`` where the changes can't be undone automatically; ``irreversible`` is
    why. ``obstacle`` is why it can't be while there are rows like those of the database.
    ``built`` is what the migrations build together with this one, where the validation showed it.
    ``notes`` are which tables it was validated on without rows, and why. ``means`` has to be
    recorded with it. ``hidden`` is what rows hold by then where their entity doesn't look.
    ``phase`` is when it may run. ``keeps`` is what it leaves for the release that still runs, and
    ``ends`` what it takes of that. ``verdict`` is what the proof saw of the ``release`` that runs,
    where that is known. With tenants, it comes ``after`` a migration of the other history.
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
    phase: Phase = Phase.EXPAND
    keeps: tuple[Kept, ...] = ()
    ends: tuple[Kept, ...] = ()
    release: str = ""
    verdict: Verdict = UNSEEN
    after: str | None = None

    @property
    def writes(self) -> bool:
        """Whether there is anything to write a migration for."""
        ended = self.phase is Phase.CONTRACT and self.ends
        return bool(self.up or self.means or self.keeps or ended)


NOTHING = Plan((), (), ())


def between(
    current: Schema,
    desired: Schema,
    *,
    renamed: Sequence[Renaming] = (),
    choices: Choices = NO_CHOICES,
    in_the_way: InTheWay | None = None,
    misfits: Sequence[Misfit] = (),
) -> Plan:
    """Return the plan that leads from ``current`` to ``desired``, and back where it can.

    It begins with what was ``renamed``, which gave ``current`` its names. ``choices`` and what is
    ``in_the_way`` are as ``steps_between`` takes them. What leads to ``misfits`` says so. Raises
    ``MigrationError`` for what can't be done automatically.
    """
    steps = steps_between(current, desired, choices, in_the_way)
    up = (*marked(rendered(renamed), misfits), *marked(rendered(steps), misfits))
    try:
        back = steps_between(desired, current, choices.undone(current, desired), in_the_way)
        down = (*to_statements(back), *to_statements(inverse(renamed)))
    except MigrationError as error:
        return Plan((*renamed, *steps), up, None, error.message)
    return Plan((*renamed, *steps), up, down)
