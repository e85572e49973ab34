"""The jobs that wait are run at once, for tests: what fails for good is raised."""

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Any

from procrastinate import App, JobContext

from berceau.jobs.app import jobs
from berceau.jobs.tenants import act_for_tenant
from berceau.orm import SHARED, db, unit_of_work

# What is to be retried is due by the clock, not by the begin of a test's one transaction.
_DUE = """
UPDATE procrastinate_jobs SET scheduled_at = NULL
WHERE status = 'todo' AND scheduled_at <= clock_timestamp()
"""
_FAILED = "SELECT id FROM procrastinate_jobs WHERE status = 'failed'"


def run_waiting() -> None:
    """Run the jobs that are due, and those that they leave, until none is.

    Nothing is done for periodic tasks. Raises the error of a job that failed and isn't retried,
    and an ``ExceptionGroup`` of several.
    """
    errors: dict[int, Exception] = {}

    async def note(run: Callable[[], Awaitable[Any]], context: JobContext, _worker: Any) -> None:
        number = context.job.id or 0
        errors.pop(number, None)
        try:
            await run()
        except Exception as error:
            errors[number] = error
            raise

    # One without periodic tasks; what its tasks defer, they defer in ``jobs``.
    worker = App(connector=jobs.connector, worker_defaults=jobs.worker_defaults)
    worker.tasks = jobs.tasks
    worker.job_manager = jobs.job_manager
    while True:
        # In a thread of its own: where a test drives a browser, this one has a loop already.
        with ThreadPoolExecutor(1) as thread:
            options = {"wait": False, "listen_notify": False, "install_signal_handlers": False}
            work = partial(worker.run_worker, worker_middleware=[note, act_for_tenant], **options)
            thread.submit(copy_context().run, work).result()
        with unit_of_work(tenant=SHARED):
            if db.execute(_DUE).rowcount == 0:
                failed = [errors[number] for number in db.select(_FAILED) if number in errors]
                break
    if failed:
        raise failed[0] if len(failed) == 1 else ExceptionGroup("Several jobs failed", failed)
