"""Background jobs, which procrastinate keeps in the database: install ``berceau[jobs]``."""

from berceau.jobs import app
from berceau.jobs import stalled as stalled  # for its effect

__all__ = ["jobs"]

jobs = app.jobs
"""The one ``App`` of procrastinate: its ``task`` makes a function a job of a component.

A job that is deferred in a unit of work is a row of that unit: it is committed with it, or rolled
back with it. Elsewhere it is committed at once. An example::

    from berceau.jobs import jobs


    @jobs.task(retry=3)
    def welcome(email: str) -> None:
        send(email, "Welcome!")
"""
