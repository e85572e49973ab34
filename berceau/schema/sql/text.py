"""Statements as the text of a migration, hazards in front of each."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from berceau.schema.sql.locking import LIMIT
from berceau.schema.statement import LARGE, Statement, Transaction

BATCHES = f"-- Batches: above {LARGE} rows"
"""The comment above an UPDATE that a deploy carries out in parts: see ``migration.batches``."""


def to_text(statements: Sequence[Statement]) -> str:
    """Return ``statements`` as SQL for people to read and for psql to run.

    What stands between two that have no transaction, or many, is one transaction, or several where
    one would hold more locks than a server has room for. ``BEGIN`` and ``COMMIT`` are written only
    where one transaction follows on another.
    """
    groups = list(_groups(statements))
    bounded = set()
    for number, (one, other) in enumerate(pairwise(groups)):
        if not (_is_outside(one) or _is_outside(other)):
            bounded |= {number, number + 1}
    parts: list[str] = []
    for number, group in enumerate(groups):
        lines = [commented(statement) for statement in group]
        parts += ("BEGIN;", *lines, "COMMIT;") if number in bounded else lines
    return "\n\n".join(parts) + "\n"


def _groups(statements: Iterable[Statement]) -> Iterator[list[Statement]]:
    """Yield the statements that share a transaction, or a single one that has none."""
    shared: list[Statement] = []
    held = 0
    for statement in statements:
        alone = statement.transaction is not Transaction.SHARED
        full = held + statement.locks > LIMIT
        if shared and (alone or (full and statement.locks and shared[-1].locks)):
            yield shared
            shared, held = [], 0
        if alone:
            yield [statement]
        else:
            shared.append(statement)
            held += statement.locks
    if shared:
        yield shared


def _is_outside(group: Sequence[Statement]) -> bool:
    return group[0].transaction in (Transaction.NONE, Transaction.BATCHES)


def commented(statement: Statement) -> str:
    """Return ``statement`` below its hazards and how it is carried out, each a comment."""
    hazards = "".join(f"-- {hazard}\n" for hazard in sorted(statement.hazards))
    batches = f"{BATCHES}\n" if statement.transaction is Transaction.BATCHES else ""
    return f"{hazards}{batches}{statement}"
