"""Jobs on their way to the database and back, and the mistakes that are refused there."""

import inspect
from collections.abc import Iterable
from typing import Any

from procrastinate import App
from procrastinate.jobs import Job
from procrastinate.manager import JobManager

from berceau.jobs.tenants import WHOSE, recall, remember


class Manager(JobManager):
    """Compares arguments with the signature of the task before a job is written.

    With the arguments it writes whose work the job does, and takes that out again.
    """

    def __init__(self, app: App) -> None:
        super().__init__(app.connector)
        self._app = app

    def batch_defer_jobs(self, jobs: list[Job], connection: Any | None = None) -> list[Job]:
        """Write ``jobs``. Raises ``TypeError`` where a task doesn't take its arguments."""
        self._check(jobs)
        return super().batch_defer_jobs([*map(remember, jobs)], connection)

    async def batch_defer_jobs_async(
        self, jobs: list[Job], connection: Any | None = None
    ) -> list[Job]:
        """Write ``jobs``, as above."""
        self._check(jobs)
        return await super().batch_defer_jobs_async([*map(remember, jobs)], connection)

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """Return a job that is to be run now, if there is one."""
        job = await super().fetch_job(queues, worker_id)
        return None if job is None else recall(job)

    def _check(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            if WHOSE in job.task_kwargs:
                raise TypeError(f"The argument {WHOSE} is Berceau's own: the unit has a tenant.")
            task = self._app.tasks.get(job.task_name)
            if task is None:  # another application's: deferred by its name
                continue
            context = [None] if task.pass_context else []
            try:
                inspect.signature(task.func).bind(*context, **job.task_kwargs)
            except TypeError as error:
                raise TypeError(
                    f"The task {task.name} can't be run with these arguments: {error}."
                ) from None
