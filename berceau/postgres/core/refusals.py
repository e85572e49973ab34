"""What PostgreSQL refuses outside of any migration, as an error for a person."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeGuard

import psycopg2

from berceau.errors import ConnectionFailedError, StatementError

INTERNAL_CLASS = "XX"


@contextmanager
def explained(cure: str) -> Iterator[None]:
    """Raise ``StatementError`` with the ``cure`` for what PostgreSQL refuses in the body."""
    try:
        yield
    except psycopg2.Error as error:
        said = error.diag.message_primary or str(error).strip()
        detail = f" {error.diag.message_detail}" if error.diag.message_detail else ""
        raise StatementError(
            f"PostgreSQL says: {said}{detail}",
            cure=cure,
            reason=f"{said}{detail}",
            sqlstate=error.pgcode,
        ) from error


def outage(error: BaseException) -> ConnectionFailedError | None:
    """Return what to tell a person if ``error`` means that the server failed under a command.

    It is psycopg2's, or Pony's with that one in it. What a command does as it ends fails, too: of
    all that, the first one says most.
    """
    found: BaseException | None = getattr(error, "original_exc", error)
    if not _is_outage(found):
        return None
    while _is_outage(found.__context__):
        found = found.__context__
    said = found.diag.message_primary or str(found).strip() or "the connection was lost"
    return ConnectionFailedError(
        f"The database couldn't do what the command asked for: {' '.join(said.split())}",
        cure="Correct what it names, and run the command again: it does what is missing.",
    )


def _is_outage(error: BaseException | None) -> TypeGuard[psycopg2.Error]:
    """Return whether the server is at fault, or the way to it, and not a statement."""
    if isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError):
        return True
    return isinstance(error, psycopg2.InternalError) and (error.pgcode or "").startswith(
        INTERNAL_CLASS
    )
