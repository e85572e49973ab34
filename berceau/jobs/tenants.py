"""Jobs of tenants: each is run for the tenant whose unit of work deferred it."""

from collections.abc import Awaitable, Callable
from typing import Any

from procrastinate import BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.jobs import Job

from berceau.errors import TenantUnavailableError
from berceau.orm.session import tenant_context
from berceau.orm.tenants import current_tenant, find_again
from berceau.tenancy import SHARED, Tenant

WHOSE = "berceau_tenant"
"""The argument of a job in the database that its function doesn't get: the identity of a tenant."""

SHARED_NAME = ""

AGAIN_SECONDS = 30
"""After how long a job is tried again whose tenant can't be served."""


class Arguments(dict[str, Any]):
    """The arguments of a job's function, and whose work it does: an identity, if that is known."""

    tenant: str | None = None


def remember(job: Job) -> Job:
    """Return ``job`` as it is written: with whose work this thread does, if it is known.

    The locks of one tenant's jobs leave those of others alone.
    """
    tenant = current_tenant()
    if tenant is SHARED:
        return job.evolve(task_kwargs={**job.task_kwargs, WHOSE: SHARED_NAME})
    if not isinstance(tenant, Tenant):
        return job
    return job.evolve(
        task_kwargs={**job.task_kwargs, WHOSE: tenant.identity},
        lock=_own(job.lock, tenant),
        queueing_lock=_own(job.queueing_lock, tenant),
    )


def recall(job: Job) -> Job:
    """Return ``job`` as it is run: its function doesn't get whose work it does."""
    arguments = Arguments(job.task_kwargs)
    arguments.tenant = arguments.pop(WHOSE, None)
    return job.evolve(task_kwargs=arguments)


async def act_for_tenant(
    run: Callable[[], Awaitable[Any]], context: JobContext, worker: Any
) -> Any:
    """Run a job for the tenant that it was deferred for; later, where that can't be served now."""
    arguments = context.job.task_kwargs
    whose = arguments.tenant if isinstance(arguments, Arguments) else None
    if whose is None:
        return await run()
    try:
        with tenant_context(SHARED if whose == SHARED_NAME else find_again(whose)):
            return await run()
    except TenantUnavailableError:
        task = worker.app.tasks[context.job.task_name]
        if not isinstance(task.retry_strategy, Patience):
            task.retry_strategy = Patience(task.retry_strategy)
        raise


class Patience(BaseRetryStrategy):
    """Tries a job again until its tenant can be served; else, the task's ``own`` one decides."""

    def __init__(self, own: BaseRetryStrategy | None) -> None:
        self._own = own

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Return when ``job`` runs again, if it does."""
        if isinstance(exception, TenantUnavailableError):
            return RetryDecision(retry_in={"seconds": AGAIN_SECONDS})
        return self._own.get_retry_decision(exception=exception, job=job) if self._own else None


def _own(lock: str | None, tenant: Tenant) -> str | None:
    return None if lock is None else f"{tenant.identity}: {lock}"
