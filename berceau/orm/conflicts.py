"""Writes that contradict other rows, as errors, and whether another unit came first."""

import re
from typing import Any

from pony.orm import (
    CacheIndexError,
    ConstraintError,
    IntegrityError,
    TransactionIntegrityError,
)
from pony.orm import core as pony_core

from berceau.errors import ConflictError
from berceau.orm.failures import causes
from berceau.schema.meaning import as_written

core: Any = pony_core  # as it is inside: its types tell what is for users

CURES = {
    "taken": "Look for the row first, or call get_or_create() or upsert().",
    "missing": "Read the row again before you refer to it: somebody may have deleted it.",
    "referred to": "Delete the rows that refer to it first, or declare cascade_delete=True.",
}
_KNOWN_ALREADY = re.compile(
    r"Cannot (?:create|update) (?P<entity>\w+)(?:\.(?P<one>\w+))?"
    r"(?:.*?(?:for key (?P<key>\w+)|composite key \((?P<several>[\w, ]+)\)))?",
    re.DOTALL,
)
_REFERS = re.compile(
    r"(?:because|option of) (?P<entity>\w+)\.(?P<attribute>\w+) "
    r"(?:attribute is required|is not set)$"
)
_HAS = re.compile(r"it has (?:non-empty set of|associated) (\w+\.\w+)")
"""What Pony says of an object and a side that nothing declares: of others, it says the name."""


class ViolationError(ConflictError, TransactionIntegrityError, IntegrityError):
    """A conflict that PostgreSQL found; Pony's names for it catch it, too."""

    original_exc: Exception


class KnownConflictError(ConflictError, CacheIndexError):
    """A conflict with an object that the unit of work has loaded or made: Pony found it."""

    def __init__(self, message: str) -> None:
        found = _KNOWN_ALREADY.match(message)
        names = (found["one"] or found["key"] or found["several"] or "") if found else ""
        super().__init__(
            message,
            cure=CURES["taken"],
            kind="taken",
            entity=found["entity"] if found else None,
            attributes=tuple(filter(None, names.split(", "))),
        )


class KnownReferenceError(ConflictError, ConstraintError):
    """A deletion or a change that an object refers to which the unit of work has loaded or made."""

    def __init__(self, message: str) -> None:
        message = _HAS.sub(r"\1 refers to it", as_written(message))
        found = _REFERS.search(message)
        super().__init__(
            message,
            cure=CURES["referred to"],
            kind="referred to",
            entity=found["entity"] if found else None,
            attributes=(found["attribute"],) if found else (),
        )


core.CacheIndexError, core.ConstraintError = KnownConflictError, KnownReferenceError


def conflict(error: BaseException) -> ConflictError | None:
    """Return the conflict that is why ``error`` was raised; None where another thing is."""
    return next((each for each in causes(error) if isinstance(each, ConflictError)), None)


def race(error: BaseException) -> object:
    """Return what tells a conflict that PostgreSQL found from others; None where there is none.

    Another unit of work may have written the other row meanwhile. So the same work may succeed
    when it runs again, unless it fails by the same conflict.
    """
    found = conflict(error)
    if not isinstance(found, ViolationError):
        return None
    diagnostics = found.original_exc.diag  # type: ignore[attr-defined]  # of psycopg2's error
    return diagnostics.table_name, diagnostics.constraint_name, diagnostics.message_detail
