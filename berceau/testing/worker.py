"""What a test process works on: its private schema, the entities there, and the application."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from berceau.orm import database as orm
from berceau.orm import db
from berceau.postgres.pool import ConnectionPool
from berceau.settings import Settings
from berceau.testing import assets as assets  # for its effect
from berceau.web.app import make_app
from berceau.workflows.compose import compose
from berceau.workflows.isolation import Private, private_schema


@dataclass(frozen=True)
class Worker:
    """One test process: ``settings`` name its private schema as the configured database."""

    settings: Settings
    private: Private

    def empty_database(self) -> Any:
        """Return the global ``Database``, connected to the private schema, without rows."""
        self.private.empty()
        orm.connect(ConnectionPool(self.private.databases.runtime, self.settings.limits))
        return db

    def application(self) -> Any:
        """Return a WSGI application of the project on the private schema."""
        return make_app(replace(self.settings, development=True))


@contextmanager
def worker(settings: Settings) -> Iterator[Worker]:
    """Map the project's entities and give this process its private schema while the body runs."""
    compose(settings.components)
    with private_schema(settings) as private:
        urls = private.databases
        own = replace(
            settings,
            database_url=urls.runtime.with_password(),
            migration_database_url=urls.owner.with_password(),
        )
        yield Worker(own, private)
