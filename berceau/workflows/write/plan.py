"""A plan: changes in order, the SQL that carries them out, and the SQL that undoes them."""

from collections.abc import Sequence
from dataclasses import dataclass

from berceau.errors import MigrationError
from berceau.schema.changes import Change
from berceau.schema.choices import NO_CHOICES, Choices
from berceau.schema.held import Hidden
from berceau.schema.lowering import InTheWay
from berceau.schema.model import Meaning, Schema
from berceau.schema.planning import steps_between
from berceau.schema.rename_changes import inverse
from berceau.schema.renaming import Renaming
from berceau.schema.sql import Statement, to_statements
from berceau.workflows.deploy.replay import Replayed


@dataclass(frozen=True)
class Plan:
    """The ordered ``changes``, the statements ``up``, and those ``down`` that undo them.

    ``down`` is ``None`` where the changes can't be undone automatically; ``irreversible`` is
    why. ``obstacle`` is why it can't be while there are rows like those of the database.
    ``built`` is what the migrations build together with this one, where the validation showed it.
    ``notes`` are which tables it was validated on without rows, and why. ``means`` has to be
    recorded with it. ``hidden`` is what rows hold by then where their entity doesn't look.
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


def between(
    current: Schema,
    desired: Schema,
    *,
    renamed: Sequence[Renaming] = (),
    choices: Choices = NO_CHOICES,
    in_the_way: InTheWay | None = None,
) -> Plan:
    """Return the plan that leads from ``current`` to ``desired``, and back where it can.

    It begins with what was ``renamed``, which gave ``current`` its names. ``choices`` and what is
    ``in_the_way`` are as ``steps_between`` takes them. Raises ``MigrationError`` for what can't be
    done automatically.
    """
    steps = steps_between(current, desired, choices, in_the_way)
    up = (*to_statements(renamed), *to_statements(steps))
    try:
        back = steps_between(desired, current, choices.undone(current, desired), in_the_way)
        down = (*to_statements(back), *to_statements(inverse(renamed)))
    except MigrationError as error:
        return Plan((*renamed, *steps), up, None, error.message)
    return Plan((*renamed, *steps), up, down)
