"""Statements as the text of a migration, hazards in front of each."""

from collections.abc import Sequence

from berceau.schema.sql.statement import Statement


def to_text(statements: Sequence[Statement]) -> str:
    """Return ``statements`` as SQL for people to read and for psql to run."""
    return "\n\n".join(map(_commented, statements)) + "\n"


def _commented(statement: Statement) -> str:
    hazards = "".join(f"-- {hazard}\n" for hazard in sorted(statement.hazards))
    return f"{hazards}{statement}"
