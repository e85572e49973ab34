"""How far an UPDATE in batches came: what the ledger has of it beside the last whole statement."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any


@dataclass(frozen=True)
class BatchProgress:
    """The batches of statement ``number`` whose rows are updated and committed.

    ``checksum`` is that of its text. ``key`` names the columns that order the rows, ``after`` holds
    their values, as text, in the last row that was passed; it is empty at the beginning. ``rows``
    were passed ``of`` about so many in this ``turn``, which has come ``through``; ``changed`` were
    updated in all turns. ``repeats`` means that the WHERE still holds for some of these. The next
    batch should have ``size`` rows or pages.
    """

    number: int
    checksum: str
    key: tuple[str, ...]
    after: tuple[str, ...] = ()
    rows: int = 0
    of: int = 0
    changed: int = 0
    turn: int = 1
    through: bool = False
    repeats: bool = False
    size: int = 0

    def continues(self, number: int, checksum: str, key: tuple[str, ...]) -> bool:
        """Return whether the statement of ``checksum`` can go on behind what is done."""
        return (self.number, self.checksum, self.key) == (number, checksum, key)

    def next_turn(self) -> "BatchProgress":
        """Return it at the beginning of another turn through the table."""
        return replace(self, after=(), rows=0, turn=self.turn + 1, through=False)

    def to_data(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)

    def __str__(self) -> str:
        if self.turn > 1:
            return f"{self.changed:,} rows, and looking for what came meanwhile"
        return f"{self.rows:,} of about {max(self.of, self.rows):,} rows"


def from_data(data: Mapping[str, Any] | None) -> BatchProgress | None:
    """Return what ``to_data`` made, also of a later version; ``None`` where that is nothing."""
    if data is None:
        return None
    names = {field.name for field in fields(BatchProgress)}
    values = {name: value for name, value in data.items() if name in names}
    for name in ("key", "after"):
        values[name] = tuple(values.get(name, ()))
    return BatchProgress(**values)
