"""Migrations that are run together in a new schema: in one transaction, and in one call."""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import psycopg2

from berceau.errors import BerceauError, HistoryError
from berceau.migration.migration import Migration, count
from berceau.migration.splitter import ParsedStatement
from berceau.migration.transaction_groups import Mode
from berceau.postgres.core.connection import Connection, transaction
from berceau.postgres.core.session import settle
from berceau.postgres.runner.ledger import Ledger
from berceau.postgres.runner.lock_retry import PATIENCE
from berceau.postgres.runner.schema_guard import SchemaGuard

STATEMENTS = 100
"""So many are run together at most: each holds locks until the end, some on shared tables."""

Result = TypeVar("Result")

_DEFINING = frozenset(("alter", "comment", "create", "drop", "grant", "revoke"))
_FLEETING = frozenset(("temp", "temporary", "materialized"))
_AS_QUERY = re.compile(
    r"create\s+(?:unlogged\s+)?table\b.*\bas[\s(]+(?:select|with|table|values|execute)\b",
    re.IGNORECASE | re.DOTALL,
)


def parts(migrations: Sequence[Migration]) -> Iterator[tuple[Migration, ...]]:
    """Yield ``migrations`` in parts, each of which fits together or is one that doesn't."""
    part: list[Migration] = []
    left: float = STATEMENTS
    for each in migrations:
        size = count(each.groups) if _fits(each) else math.inf
        if part and size > left:
            yield tuple(part)
            part, left = [], STATEMENTS
        part.append(each)
        left -= size
    if part:
        yield tuple(part)


def fit_together(migrations: Sequence[Migration]) -> bool:
    """Return whether ``migrations`` mean the same in one transaction, which isn't too long."""
    statements = sum(count(each.groups) for each in migrations)
    return all(map(_fits, migrations)) and (len(migrations) == 1 or statements <= STATEMENTS)


def apply_together(connection: Connection, migrations: Sequence[Migration]) -> bool:
    """Run the ``migrations`` if they fit together, or nothing; return whether they were."""
    if not fit_together(migrations):
        return False
    ledger = Ledger(connection)
    return attempt(connection, lambda: run_together(ledger, migrations)) is not None


def attempt(connection: Connection, work: Callable[[], Result]) -> Result | None:
    """Do ``work`` in one transaction, and return what it does.

    Where anything in it is refused, nothing of it is kept, and this returns ``None``. The
    connection is in autocommit mode.
    """
    try:
        with transaction(connection):
            return work()
    except (psycopg2.Error, BerceauError):
        if connection.closed:
            raise
        return None


def run_together(ledger: Ledger, migrations: Sequence[Migration]) -> tuple[str, ...]:
    """Run the ``migrations``, record them in the ``ledger``, and return their names.

    The ledger has none of them yet. That is in the open transaction, whose session is new and holds
    the deploy lock, in a database without Citus, which refuses several changes of tables in one
    call. Raises ``psycopg2.Error`` or ``BerceauError``; which of them failed isn't known then.
    """
    guard = SchemaGuard(ledger.connection, ledger.schema)
    # On its own: the server reads all strings of a call before it carries out the first statement.
    settle(ledger.connection, PATIENCE.lock_seconds)
    script: list[str] = []
    for each in migrations:
        guard.require_unnamed(each.groups)
        script += (statement.text for group in each.groups for statement in group.statements)
        script.append(ledger.adding(each))
    if not guard.is_locked_and_untouched(";\n".join((*script, ""))):
        raise HistoryError("The deploy lock was lost.")
    return tuple(each.name for each in migrations)


def _fits(migration: Migration) -> bool:
    """Return whether ``migration`` means the same in one transaction with others.

    It only defines things. What changes rows or settings may depend on where a transaction ends,
    and on what the session had set before.
    """
    return len(migration.groups) < 2 and all(
        group.mode is Mode.TRANSACTION
        and group.begin == "BEGIN"
        and all(map(_only_defines, group.statements))
        for group in migration.groups
    )


def _only_defines(statement: ParsedStatement) -> bool:
    """Return whether ``statement`` makes or changes an object, by no query and for no session."""
    if statement.head[0] not in _DEFINING or not _FLEETING.isdisjoint(statement.head[1:4]):
        return False
    return statement.head[0] != "create" or not _AS_QUERY.search(statement.text)
