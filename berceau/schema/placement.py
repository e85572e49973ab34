"""Where the rows of a table are with Citus, and the words in the catalog that tell it."""

from dataclasses import dataclass

MARKS = {"reference": "@citus reference", "distribute": "@citus distribute"}
"""The last line of the comment on a table that is on all servers, and on the column otherwise."""


@dataclass(frozen=True)
class Distribution:
    """Where the rows of a table are with Citus: by the values of ``column``, each on one server.

    Without a ``column``, all of them are on each server: it is a reference table.
    """

    column: str | None = None

    def __str__(self) -> str:
        return "on all servers" if self.column is None else f"distributed by {self.column}"
