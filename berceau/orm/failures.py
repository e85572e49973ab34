"""What made a unit of work fail: whether it may run again, and what its connection is worth."""

from collections.abc import Iterator

from pony.orm import DataError, InterfaceError, OperationalError, ProgrammingError
from pony.orm.core import (
    CommitException,
    DBException,
    IsolationError,
    TransactionIntegrityError,
    UnexpectedError,
)

from berceau.errors import CommitUnknownError

SERIALIZATION_FAILURE = "40001"
DEADLOCK = "40P01"
READ_ONLY = "25006"
IDLE_TIMEOUT = "25P03"
CANCELED = "57014"
ABORTED = "25P02"
INTERNAL = "XX000"
UNDEFINED_TABLE = "42P01"
SHUTDOWNS = {"57P01", "57P02", "57P03", "57P05"}
CONNECTION_CLASS = "08"


def is_lost(error: BaseException) -> bool:
    """Return whether ``error`` means that the connection is gone, or no longer to a primary."""
    return any(_is_lost(cause) for cause in causes(error))


def is_unknown(error: BaseException) -> bool:
    """Return whether it is unknown if the unit of work was committed."""
    return any(isinstance(cause, CommitUnknownError) for cause in causes(error))


def is_read_only(error: BaseException) -> bool:
    """Return whether the database refused a write because the transaction only reads."""
    return any(sqlstate(cause) == READ_ONLY for cause in causes(error))


def is_timeout(error: BaseException) -> bool:
    """Return whether the server ended a statement because it took longer than it may."""
    return any(sqlstate(cause) == CANCELED for cause in causes(error))


def is_internal(error: BaseException) -> bool:
    """Return whether the server has no code for what happened to it."""
    return any(sqlstate(cause) == INTERNAL for cause in causes(error))


def is_aborted(error: BaseException) -> bool:
    """Return whether a statement was refused because an earlier one of its transaction failed."""
    return any(sqlstate(cause) == ABORTED for cause in causes(error))


def is_refused(error: BaseException) -> bool:
    """Return whether the database can't do what it was asked, such as read an unknown table."""
    return any(isinstance(cause, ProgrammingError | DataError) for cause in causes(error))


def is_repeatable(error: BaseException) -> bool:
    """Return whether the same unit may succeed when it runs again: nothing of it was kept.

    So it is where PostgreSQL couldn't order concurrent transactions, where somebody else changed
    what the unit had read, and where the connection was lost before the commit.
    """
    return any(
        isinstance(cause, IsolationError)
        or sqlstate(cause) in {SERIALIZATION_FAILURE, DEADLOCK}
        or _is_lost(cause)
        for cause in causes(error)
    )


def sqlstate(error: BaseException) -> str | None:
    """Return PostgreSQL's code for ``error``, ``None`` where the server gave none."""
    code: str | None = getattr(getattr(error, "original_exc", None), "pgcode", None)
    return code


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield ``error`` and what Pony says made it fail."""
    yield error
    if isinstance(error, CommitException):
        for _, cause, _ in error.exceptions[:1]:
            yield from causes(cause)
    elif isinstance(error, UnexpectedError | TransactionIntegrityError) and error.original_exc:
        yield from causes(error.original_exc)


def _is_lost(error: BaseException) -> bool:
    if not isinstance(error, DBException):
        return False
    code = sqlstate(error)
    if code is None:
        # libpq itself noticed; psycopg2 gives no code then.
        return isinstance(error, OperationalError | InterfaceError)
    return code in SHUTDOWNS | {READ_ONLY, IDLE_TIMEOUT} or code.startswith(CONNECTION_CLASS)
