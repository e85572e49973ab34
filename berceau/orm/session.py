"""Units of work: when what a piece of code did to the database is kept."""

from collections.abc import Iterator
from contextlib import contextmanager

from pony import orm


class UnitOfWork:
    """One piece of work, committed as a whole or not at all."""

    def __init__(self) -> None:
        self.cancelled = False

    def rollback(self) -> None:
        """Undo everything that the unit did so far, and commit nothing at its end."""
        self.cancelled = True


@contextmanager
def unit_of_work() -> Iterator[UnitOfWork]:
    """Run the body in one database session.

    Its end commits, unless the body raised or called ``rollback()`` on the yielded unit. A
    commit that fails raises Pony's ``TransactionError``, and nothing is kept.
    """
    with orm.db_session:
        unit = UnitOfWork()
        yield unit
        if unit.cancelled:
            orm.rollback()
