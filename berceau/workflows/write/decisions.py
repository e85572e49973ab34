"""What is settled about a change before it is planned."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from berceau.schema.choices import NO_CHOICES, Choices
from berceau.schema.keeping import NOTHING_KEPT, Keeping
from berceau.schema.kept import Kept
from berceau.schema.model import Schema
from berceau.schema.transfers import Move
from berceau.workflows.write.gaps import AskValue
from berceau.workflows.write.renames import Ask, decline


@dataclass(frozen=True)
class Decisions:
    """What is settled about a change: by options first, and then by a person.

    ``renames`` are as ``--rename`` takes them, ``moves`` what goes to another table, and
    ``choices`` what rows get. ``ask`` settles what
    else may have been renamed; without it, such a change raises ``RenameError``. ``ask_value``
    gives what rows need besides; without it, that raises ``MigrationError``. ``keeping`` is what
    the running release needs, and ``ending`` what it needs no longer. ``find_running`` returns what
    it declares, where the plan has to be proven with it.
    """

    renames: Sequence[str] = ()
    moves: Sequence[Move] = ()
    choices: Choices = NO_CHOICES
    ask: Ask | None = decline
    ask_value: AskValue | None = None
    keeping: Keeping = NOTHING_KEPT
    ending: frozenset[Kept] = frozenset()
    find_running: Callable[[], Schema | None] = lambda: None

    @property
    def given(self) -> bool:
        """Whether an option chose anything."""
        chosen = self.choices
        return bool(
            self.renames
            or self.moves
            or self.ending
            or chosen.backfills
            or chosen.usings
            or chosen.labels
            or chosen.subclasses
        )
