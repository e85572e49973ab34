"""The unit of work that a thread is in: what it may do, and how it ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import local

from berceau.errors import DatabaseError
from berceau.orm.savepoints import savepoint

_active = local()


class UnitOfWork:
    """One piece of work, committed as a whole or not at all.

    ``read_only`` tells whether it may only read. ``position`` is, after its end, the place in the
    database's log that a replica must have reached to know what the unit wrote, as text for
    ``read_replica()``; ``None`` where it wrote nothing, or there is no replica.
    """

    def __init__(self, *, read_only: bool = False) -> None:
        self.read_only = read_only
        self.cancelled = False
        self.failure: BaseException | None = None
        self.broken = False  # its connection is of no use to any other unit
        self.replica_after: str | None = None
        self.position: str | None = None
        self.ending = False

    def rollback(self) -> None:
        """Undo everything that the unit did so far, and commit nothing at its end."""
        self.cancelled = True

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Run the body as a part of the unit that fails alone: what it did is undone.

        Where the body raises, the exception passes; who catches it may go on. Rows and objects are
        as before the body then. Objects that it made can't be used any more. An example::

            with unit_of_work() as unit:
                for row in rows:
                    try:
                        with unit.savepoint():
                            Post(**row)
                    except ConflictError:
                        log.warning("%s is there already", row)
        """
        failure = self.failure
        try:
            with savepoint():
                yield
        except BaseException:
            self.failure = failure
            raise

    def read_replica(self, after: str = "") -> None:
        """Let the unit only read, from a replica that has reached the position ``after``.

        Where none has, or there is none, it reads from the primary. Call it before the unit's
        first query. A write raises ``DatabaseError``.
        """
        self.read_only = True
        self.replica_after = after

    def check_commit(self) -> None:
        """Refuse to commit a part of the unit: raises ``DatabaseError``."""
        if not self.ending:
            raise DatabaseError(
                "commit() was called before the end of a unit of work.",
                cure="Remove the commit(): the end of the unit commits. To commit in parts, use "
                "several units, one after the other.",
            )
        if self.failure is not None:
            raise DatabaseError(
                "An inner unit of work failed, and its exception didn't reach the outer one: "
                f"{self.failure}",
                cure="Let the exception pass, or call rollback() on the outer unit.",
            ) from self.failure


def current_unit() -> UnitOfWork | None:
    """Return the unit of work that this thread is in."""
    unit: UnitOfWork | None = getattr(_active, "unit", None)
    return unit


@contextmanager
def entered(unit: UnitOfWork) -> Iterator[UnitOfWork]:
    """Let this thread be in ``unit`` while the body runs."""
    _active.unit = unit
    try:
        yield unit
    finally:
        _active.unit = None
