"""Units of work: when what a piece of code did to the database is kept."""

import sys
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, _GeneratorContextManager, contextmanager
from random import uniform
from time import sleep
from typing import Any, TypeVar

from pony import orm

from berceau.errors import DatabaseError
from berceau.orm.conflicts import conflict, race
from berceau.orm.failures import is_lost, is_read_only, is_repeatable, is_unknown
from berceau.orm.owners import Owner, require_function, require_result
from berceau.orm.tenants import (
    Choice,
    acting_for,
    current_tenant,
    mixed,
    resolve,
    same,
)
from berceau.orm.unit import UnitOfWork, current_unit, entered
from berceau.tenancy import SHARED, Tenant

ATTEMPTS = 3
FIRST_PAUSE = 0.1  # seconds at most; each further pause may be twice as long

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


def unit_of_work(
    *, read_only: bool = False, serializable: bool = False, tenant: Choice | str | None = None
) -> AbstractContextManager[UnitOfWork]:
    """Run the body in one database session: its end commits all of it, or nothing.

    Nothing is kept where the body raised, or called ``rollback()`` on the unit that ``as`` gives. A
    unit inside another is a part of it: where it fails, the outer one can't be committed any more.
    A ``read_only`` unit sees one snapshot of the database and can't write. A ``serializable`` one
    has the effect of running alone. Where the project has tenants, it uses the tables of
    ``tenant``, which is one, its name or ``SHARED``, and by default that of the context. As a
    decorator, it runs each call of a function in a unit.

    Raises ``DatabaseError`` where the body commits by itself, or writes in a ``read_only`` unit,
    and where an asyncio task or a suspended generator has another unit of this thread open;
    ``ConflictError`` where other rows don't allow a write; ``CommitUnknownError`` where the
    connection broke during the commit, and it isn't known whether the work was kept;
    ``TenantError`` where the tenant is unknown, missing, or not that of an outer unit; and
    otherwise Pony's ``OrmError`` or ``DBException``, and nothing is kept then. An example::

        with unit_of_work():
            Post(title="Hello")
    """
    options = {"read_only": read_only, "serializable": serializable, "tenant": tenant}
    return _Entering(_unit, (), options)


@contextmanager
def tenant_context(tenant: Choice | str) -> Generator[Choice, None, None]:
    """Let the units of work of the body be those of ``tenant``, unless they name another.

    ``tenant`` is one, its name or ``SHARED``; ``as`` gives what it means. A new thread has no
    context. Raises ``TenantError`` where there is no such tenant. An example::

        with tenant_context("acme"), unit_of_work():
            Post(title="Hello")
    """
    found = resolve(tenant)
    with acting_for(found):
        yield found


class _Entering(_GeneratorContextManager[UnitOfWork]):
    """A unit of work that a ``with`` block or a decorated function enters."""

    def __enter__(self) -> UnitOfWork:
        outer = current_unit()
        if outer is not None and outer.owner is not None:
            outer.owner.check()
        unit = super().__enter__()
        if outer is None:
            unit.owner = Owner(sys._getframe(1))
        return unit

    def __call__(self, work: F) -> F:
        require_function(work)
        return super().__call__(work)


def _unit(
    *, read_only: bool, serializable: bool, tenant: Choice | str | None
) -> Generator[UnitOfWork, None, None]:
    outer = current_unit()
    if outer is not None:
        if tenant is not None:
            _require_same(outer, tenant)
        try:
            with outer.callbacks.part():
                yield outer
        except BaseException as error:
            outer.failure = error
            raise
        return
    chosen = current_tenant() if tenant is None else resolve(tenant)
    unit = UnitOfWork(read_only=read_only, tenant=chosen)
    try:
        yield from _outermost(unit, serializable)
    except BaseException as error:
        # Of a commit that Ctrl-C interrupts, nothing is known, either.
        sure = unit.committed or not unit.ending
        unit.unknown = not sure and (is_unknown(error) or not isinstance(error, Exception))
        found = conflict(error)
        if found is None or found is error:
            raise
        raise found from error
    finally:
        unit.ended = True
        with acting_for(chosen):
            unit.callbacks.run(unit.outcome)


def _require_same(outer: UnitOfWork, tenant: Choice | str) -> None:
    """Raise ``TenantError`` unless a unit of ``tenant`` may be a part of ``outer``."""
    if isinstance(tenant, str):
        if isinstance(outer.tenant, Tenant) and outer.tenant.name == tenant:
            return
        tenant = resolve(tenant)
    # Where there are no tenants, all tables are shared.
    if not same(outer.tenant, tenant) and (outer.tenant, tenant) != (None, SHARED):
        raise mixed(outer.tenant, tenant)


def _outermost(unit: UnitOfWork, serializable: bool) -> Generator[UnitOfWork, None, None]:
    with entered(unit), _session(serializable):
        try:
            yield unit
        except BaseException as error:
            _examine(error, unit)
            raise
        if unit.cancelled:
            orm.rollback()
        unit.check_parts()
        unit.callbacks.note_undone()
        unit.ending = True
    unit.committed = not unit.cancelled


def run_unit(
    work: Callable[[], T],
    *,
    attempts: int = ATTEMPTS,
    serializable: bool = False,
    tenant: Choice | str | None = None,
) -> T:
    """Return what ``work`` returns, run in a unit of work of its own.

    That is one of ``tenant``, as ``unit_of_work()`` takes it. It runs again, ``attempts`` times
    in all, where concurrent work or a lost connection made it fail and nothing of it was kept.
    After a ``ConflictError`` it does so at once, and not again where the same conflict comes
    back. So ``work``, which takes no arguments, should change nothing but the database. It is a
    plain function: ``DatabaseError`` is raised for a coroutine or a generator. The pause before
    the second attempt is random, 0.1 seconds at most, and that limit doubles before each
    further one. Inside of another unit, ``work`` runs once. Raises what the last attempt
    raised: see ``unit_of_work()``. An example::

        published = run_unit(lambda: Post.select(lambda post: post.published).count())
    """
    require_function(work)
    lost_to = None
    for attempt in range(1, attempts):
        try:
            return _run(work, serializable, tenant)
        except Exception as error:
            if current_unit() is not None or not may_succeed(error, lost_to):
                raise
            lost_to = race(error)
        if lost_to is None:
            sleep(pause(attempt))
    return _run(work, serializable, tenant)


def _run(work: Callable[[], T], serializable: bool, tenant: Choice | str | None) -> T:
    with unit_of_work(serializable=serializable, tenant=tenant):
        result = work()
        require_result(result, work)
        return result


def may_succeed(error: BaseException, lost_to: object) -> bool:
    """Return whether a unit that failed with ``error`` may succeed when it runs again.

    ``lost_to`` is the ``race()`` that its last attempt lost: who loses it again lost no race.
    """
    return is_repeatable(error) or race(error) not in (None, lost_to)


def pause(attempt: int) -> float:
    """Return the seconds to wait after the failed ``attempt``, counted from 1.

    They are random, so that two who got into each other's way don't do so again.
    """
    return uniform(0, FIRST_PAUSE * 2 ** (attempt - 1))  # noqa: S311 - no secret


def _session(serializable: bool) -> orm.core.DBSessionContextManager:
    return orm.db_session(serializable=True) if serializable else orm.db_session


def _examine(error: BaseException, unit: UnitOfWork) -> None:
    """Tell a write that was forbidden from a server that takes none any more."""
    if unit.read_only and is_read_only(error):
        raise DatabaseError(
            "A read-only unit of work was asked to write.",
            cure="Write in a unit_of_work() that isn't read_only.",
        ) from error
    unit.broken = is_lost(error)
