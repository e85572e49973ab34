"""What PostgreSQL refuses outside of any migration, as an error for a person."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2

from berceau.errors import StatementError


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
