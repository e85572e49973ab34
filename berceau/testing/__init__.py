"""The pytest plugin: a private schema for each worker, and the fixtures on it."""

from typing import TYPE_CHECKING

from berceau import lazy

__all__ = ["AssertQueries", "Migrator", "Query", "Settings", "Worker"]

if TYPE_CHECKING:
    from berceau.postgres.pooling.queries import Query
    from berceau.settings import Settings
    from berceau.testing.report import AssertQueries
    from berceau.testing.worker import Worker
    from berceau.workflows.testing.migrator import Migrator
else:
    __getattr__, __dir__ = lazy.offer(
        __name__,
        {
            "AssertQueries": "berceau.testing.report",
            "Migrator": "berceau.workflows.testing.migrator",
            "Query": "berceau.postgres.pooling.queries",
            "Settings": "berceau.settings",
            "Worker": "berceau.testing.worker",
        },
    )
