"""Jobs that were under way in a worker which died: another one runs them again."""

import logging

from procrastinate.jobs import Status

from berceau.jobs.app import jobs

log = logging.getLogger("berceau")

ATTEMPTS = 5
"""A job that was under way so often when a worker died is perhaps why, and is given up."""


@jobs.periodic(cron="* * * * *")
@jobs.task(name="berceau.retry_stalled", queueing_lock="berceau.retry_stalled")
async def retry_stalled(timestamp: int) -> None:  # noqa: ARG001 - procrastinate's signature
    """Let jobs run again whose worker gave no sign of life for half a minute."""
    for job in await jobs.job_manager.get_stalled_jobs():
        if job.attempts + 1 < ATTEMPTS:
            log.warning("The worker of job %s died: it runs again", job.call_string)
            await jobs.job_manager.retry_job(job)
        else:
            log.error("The worker of job %s died again: it is given up", job.call_string)
            await jobs.job_manager.finish_job(job, status=Status.FAILED, delete_job=False)
