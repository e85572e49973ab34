"""The unit of work that a thread is in: what it may do, and how it ends."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import local
from typing import Any, NoReturn

from pony.orm import core as pony_core
from pony.orm.core import CommitException

from berceau.errors import BerceauError, DatabaseError
from berceau.orm.callbacks import Callbacks, Method
from berceau.orm.failures import is_aborted
from berceau.orm.owners import Owner
from berceau.orm.savepoints import savepoint
from berceau.tenancy import Shared, Tenant

core: Any = pony_core  # as it is inside: its types tell what is for users
_active = local()


class _NoCommit(CommitException):
    def __init__(self, message: str) -> None:
        super().__init__(message, [])


class PartFailedError(DatabaseError, _NoCommit):
    """A part of a unit failed, and the rest can't be kept; Pony's name for it catches it, too."""


class UnitOfWork:
    """One piece of work, committed as a whole or not at all.

    ``read_only`` tells whether it may only read. ``tenant`` is whose work it is: a ``Tenant``,
    ``SHARED``, or ``None`` where the project has no tenants. ``position`` is, after its end, the
    place in the database's log that a replica must have reached to know what the unit wrote, as
    text for ``read_replica()``; ``None`` where it wrote nothing, or there is no replica.
    """

    def __init__(self, *, read_only: bool = False, tenant: Tenant | Shared | None = None) -> None:
        self.read_only = read_only
        self.tenant = tenant
        self.owner: Owner | None = None
        self.cancelled = False
        self.failure: BaseException | None = None  # of an inner unit
        self.caught: BaseException | None = None  # the last failure of a statement or a flush
        self.broken = False  # its connection is of no use to any other unit
        self.replica_after: str | None = None
        self.at_replica = False  # its connection is one to a replica
        self.position: str | None = None
        self.callbacks = Callbacks()
        # Inside of a db_session of Pony's, its end commits.
        self.commits = core.local.db_session is None
        self.ending = False
        self.committed = False
        self.wrote = False  # and committed that
        self.unknown = False
        self.ended = False

    def rollback(self) -> None:
        """Undo everything that the unit did so far, and commit nothing at its end."""
        self.cancelled = True

    def after_commit(self, work: Callable[[], object]) -> None:
        """Call ``work`` once the unit is committed: for a mail, a cache, a message to others.

        What was given is called in this order, once, after the connection was given back; never
        where the unit, the savepoint or the attempt that gave it was rolled back, or it isn't known
        whether the commit took effect. ``work`` takes no arguments, and may open a unit of its own.
        Its error is logged, and changes nothing else. Raises ``DatabaseError`` after the end of
        the unit, and where ``work`` is no function, or a coroutine or a generator. An example::

            with unit_of_work() as unit:
                post = Post(title="Hello")
                unit.after_commit(partial(announce, post.title))
        """
        self._wait(work, "after_commit")

    def after_rollback(self, work: Callable[[], object]) -> None:
        """Call ``work`` once what the unit did so far is rolled back: to remove a file, say.

        That may be the unit, or the savepoint, the inner unit or the attempt of a request that gave
        ``work``. It is called after the end of the outermost unit, and as ``after_commit()`` calls
        its functions. It isn't called where it isn't known whether the commit took effect.
        """
        self._wait(work, "after_rollback")

    def _wait(self, work: Callable[[], object], method: Method) -> None:
        if self.ended:
            raise DatabaseError(
                f"{method}() was called after the end of its unit of work.",
                cure="Call it inside of the unit, or call the function itself.",
            )
        if not self.commits:
            raise DatabaseError(
                f"{method}() was called in a db_session of Pony's, whose end can't be told.",
                cure="Open the outermost session by unit_of_work().",
            )
        if not callable(work):  # often the result of a call that was meant for later
            raise DatabaseError(
                f"{method}() was given {work!r}, which isn't a function.",
                cure=f"Give it what to call later: unit.{method}(partial(announce, title)).",
            )
        self.callbacks.add(work, method, sys._getframe(2))

    @property
    def outcome(self) -> Method | None:
        """How the unit ended, as what waits for it names it; ``None`` where that is unknown."""
        if self.unknown:
            return None
        return "after_commit" if self.committed else "after_rollback"

    @property
    def had_effect(self) -> bool:
        """Whether its end kept a write, or was followed by what waited for its commit."""
        return self.wrote or (self.committed and self.callbacks.await_commit)

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
            with self.callbacks.part(), savepoint():
                yield
        except BaseException:
            self.failure = failure
            raise

    def only_read(self) -> None:
        """Let the unit only read, one snapshot: call it before the unit's first query."""
        self.read_only = True

    def read_replica(self, after: str = "") -> None:
        """Let the unit only read, from a replica that has reached the position ``after``.

        Where none has, or there is none, it reads from the primary. Call it before the unit's
        first query. A write raises ``DatabaseError``.
        """
        self.read_only = True
        self.replica_after = after

    def check_commit(self) -> None:
        """Refuse to commit before the end of the unit: raises ``DatabaseError``."""
        if not self.ending:
            raise DatabaseError(
                "commit() was called before the end of a unit of work.",
                cure="Remove the commit(): the end of the unit commits. To commit in parts, use "
                "several units, one after the other.",
            )

    def check_parts(self) -> None:
        """Refuse to commit what an inner unit that failed was a part of: raises ``DatabaseError``.

        Pony would write first what is left of that part, and stumble.
        """
        if self.failure is not None and _has_writes():
            raise PartFailedError(
                "An inner unit of work failed, and its exception didn't reach the outer one: "
                f"{_text(self.failure)}",
                cure="Let the exception pass, or run the inner unit in the outer one's "
                "`with unit.savepoint():`.",
            ) from self.failure

    def note_failure(self, error: BaseException) -> None:
        """Keep the ``error`` of a statement or a flush.

        Raises ``DatabaseError`` where PostgreSQL refused it because of the one that is kept.
        """
        if self.caught is not None and is_aborted(error):
            self.refuse_rest()
        if not isinstance(error, PartFailedError):
            self.caught = error

    def refuse_rest(self) -> NoReturn:
        """Refuse what follows a failure in the unit: raises ``DatabaseError``."""
        raise PartFailedError(
            "A write or query failed, and its exception was caught. So the rest of the unit of "
            f"work can't run: {_text(self.caught)}",
            cure="Let the exception pass, or run what may fail in `with unit.savepoint():`.",
        ) from self.caught


def _text(error: BaseException | None) -> str:
    """Return what ``error`` says, without what to do: another cure follows."""
    text = error.message if isinstance(error, BerceauError) else str(error).strip()
    return text or type(error).__name__


def _has_writes() -> bool:
    return any(cache.modified or cache.in_transaction for cache in core.local.db2cache.values())


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


def replace_unit(unit: UnitOfWork | None) -> UnitOfWork | None:
    """Let this thread be in ``unit``, and return the one that it was in."""
    replaced = current_unit()
    _active.unit = unit
    return replaced
