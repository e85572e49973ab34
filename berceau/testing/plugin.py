"""The fixtures of Berceau for pytest; nothing is imported or started before a test asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from berceau.settings import Settings
    from berceau.testing.worker import Worker


@pytest.fixture(scope="session")
def berceau_settings(pytestconfig: pytest.Config) -> Settings:
    """The settings of the project whose tests run: its root is pytest's."""
    from berceau.settings import load

    return load(pytestconfig.rootpath)


@pytest.fixture(scope="session")
def berceau_worker(berceau_settings: Settings) -> Iterator[Worker]:
    """This worker's private schema: a clone of the migrated one, dropped at the end."""
    from berceau.testing.worker import worker

    with worker(berceau_settings) as found:
        yield found


@pytest.fixture
def db(berceau_worker: Worker) -> Any:
    """The global ``Database`` on this worker's private schema, empty before each test."""
    return berceau_worker.empty_database()


@pytest.fixture(scope="session")
def berceau_application(berceau_worker: Worker) -> Any:
    """The real application, on this worker's private schema."""
    return berceau_worker.application()


@pytest.fixture
def app(db: Any, berceau_application: Any) -> Any:
    """A WebTest ``TestApp`` on the real application; the database is empty at first."""
    from webtest import TestApp

    return TestApp(berceau_application)
