"""From one schema to another: the changes, as steps that statements exist for, in order."""

from berceau.schema.changes import Change
from berceau.schema.choices import NO_CHOICES, Choices
from berceau.schema.diff import diff
from berceau.schema.lowering import InTheWay, in_steps
from berceau.schema.model import Schema
from berceau.schema.order import order


def steps_between(
    current: Schema,
    desired: Schema,
    choices: Choices = NO_CHOICES,
    in_the_way: InTheWay | None = None,
) -> tuple[Change, ...]:
    """Return the ordered steps that lead from ``current`` to ``desired``.

    ``choices`` give rows what they need. What uses a column that is ``in_the_way`` stands aside, as
    ``in_steps`` says. Raises ``MigrationError`` for what can't be done automatically.
    """
    changes = diff(current, desired)
    return order(in_steps(changes, current, desired, choices, in_the_way))
