"""The fixtures of Berceau for pytest; nothing is imported or started before a test asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from berceau.settings import Settings
    from berceau.testing.worker import Worker

COMMITS = "commits: commit for real; what the test left is deleted afterwards"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", COMMITS)


@pytest.fixture(scope="session")
def berceau_settings(pytestconfig: pytest.Config) -> Settings:
    """The settings of the project whose tests run: its root is pytest's."""
    from berceau.settings import load

    return load(pytestconfig.rootpath)


@pytest.fixture(scope="session")
def berceau_worker(berceau_settings: Settings) -> Iterator[Worker]:
    """This worker's private schema: a clone of the migrated one, dropped at the end."""
    from berceau.testing.worker import Worker

    worker = Worker(berceau_settings)
    yield worker
    worker.close()


@pytest.fixture
def db(request: pytest.FixtureRequest, berceau_worker: Worker) -> Iterator[Any]:
    """The global ``Database`` on this worker's private schema, empty before each test."""
    commits = request.node.get_closest_marker("commits") is not None
    with berceau_worker.test(commits=commits) as database:
        yield database


@pytest.fixture(scope="session")
def berceau_application(berceau_worker: Worker) -> Any:
    """The real application, on this worker's private schema."""
    return berceau_worker.application()


@pytest.fixture
def app(db: Any, berceau_application: Any) -> Any:
    """A WebTest ``TestApp`` on the real application; the database is empty at first."""
    from webtest import TestApp

    return TestApp(berceau_application)
