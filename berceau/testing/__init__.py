"""The pytest plugin: a private schema for each worker, and the fixtures on it."""

from typing import TYPE_CHECKING

from berceau import lazy

__all__ = [
    "AssertApart",
    "AssertPlan",
    "AssertQueries",
    "Migrator",
    "Plans",
    "Query",
    "Settings",
    "Worker",
]

if TYPE_CHECKING:
    from berceau.postgres.pooling.queries import Query
    from berceau.settings import Settings
    from berceau.testing.plans import AssertPlan, Plans
    from berceau.testing.report import AssertQueries
    from berceau.testing.tenants import AssertApart
    from berceau.testing.worker import Worker
    from berceau.workflows.testing.migrator import Migrator
else:
    __getattr__, __dir__ = lazy.offer(
        __name__,
        {
            "AssertApart": "berceau.testing.tenants",
            "AssertPlan": "berceau.testing.plans",
            "AssertQueries": "berceau.testing.report",
            "Migrator": "berceau.workflows.testing.migrator",
            "Plans": "berceau.testing.plans",
            "Query": "berceau.postgres.pooling.queries",
            "Settings": "berceau.settings",
            "Worker": "berceau.testing.worker",
        },
    )
