"""The fixtures of a project; nothing is mapped or started before a test asks for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from berceau.errors import SettingsError
from berceau.testing.options import ALLOWED, ISOLATION

if TYPE_CHECKING:
    from concurrent.futures import Future

    from pony.orm import Database
    from webtest import TestApp

    from berceau.settings import Settings
    from berceau.tenancy import Tenant
    from berceau.testing.plans import AssertPlan, Plans
    from berceau.testing.report import AssertQueries
    from berceau.testing.tenants import AssertApart
    from berceau.testing.worker import Worker
    from berceau.workflows.testing.migrator import Migrator

COMMITS = "commits: commit for real; what the test leaves is deleted afterwards"
SETTINGS = 'settings(values): settings of components, such as {"mail.sender": "ada@example.org"}'
ROOT = pytest.StashKey[Path]()
PREPARED = pytest.StashKey["Future[str]"]()
WATCHERS = pytest.StashKey[list[Any]]()
CHANNEL = "berceau_prepared"


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Let the controller prepare the schema to copy, once, while xdist's workers import."""
    from berceau.testing.preparation import begin

    config = node.config
    if PREPARED not in config.stash:
        config.stash[PREPARED] = begin(
            config.stash[ROOT], config.getini(ISOLATION), config.getini(ALLOWED)
        )
    node.workerinput[CHANNEL] = node.gateway.newchannel()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodeready(node: Any) -> None:
    """Send a worker, which has its end of the channel now, what was prepared, once it is.

    Where that failed, each worker tries by itself: the tests that need a database show why.
    """

    def send(found: Future[str]) -> None:
        with suppress(OSError):  # the worker is gone
            node.workerinput[CHANNEL].send(None if found.exception() else found.result())

    node.config.stash[PREPARED].add_done_callback(send)


@pytest.fixture(scope="session")
def berceau_settings(pytestconfig: pytest.Config) -> Settings:
    """The ``Settings`` of the project whose tests run."""
    from berceau.settings import load

    return load(pytestconfig.stash[ROOT])


@pytest.fixture(scope="session")
def berceau_worker(pytestconfig: pytest.Config, berceau_settings: Settings) -> Iterator[Worker]:
    """This process's ``Worker``, which has a private copy of the migrated schema."""
    from berceau.testing.report import Report
    from berceau.testing.worker import Worker

    channel = getattr(pytestconfig, "workerinput", {}).get(CHANNEL)
    worker = Worker(
        berceau_settings,
        pytestconfig.getini(ISOLATION),
        pytestconfig.getini(ALLOWED),
        channel.receive if channel else None,
    )
    pytestconfig.pluginmanager.register(Report(pytestconfig, worker))
    for watcher in pytestconfig.stash.get(WATCHERS, []):
        watcher.watch(worker.recorder)
    yield worker
    worker.close()


@pytest.fixture
def db(request: pytest.FixtureRequest, berceau_worker: Worker) -> Iterator[Database]:
    """The global ``Database`` on this process's private schema, without rows at first.

    All that the test commits is rolled back at its end. With the marker ``commits`` it commits
    for real, and what it leaves is deleted. The marker ``settings`` overrides settings of
    components. Where the project has tenants, the test acts for one called ``test``.
    """
    commits = request.node.get_closest_marker("commits") is not None
    overrides = _overrides(request.node)
    with berceau_worker.test(commits=commits, overrides=overrides) as database:
        yield database


def _overrides(item: pytest.Item) -> dict[str, Any]:
    """Return the settings that the markers of a test override: the closest one counts."""
    found: dict[str, Any] = {}
    for mark in reversed(list(item.iter_markers("settings"))):
        if mark.kwargs or len(mark.args) != 1 or not isinstance(mark.args[0], dict):
            raise SettingsError(
                f"The marker settings of {item.name} doesn't have one dictionary.",
                cure='Write @pytest.mark.settings({"mail.sender": "ada@example.org"}).',
            )
        found |= mark.args[0]
    return found


@pytest.fixture(scope="session")
def berceau_application(berceau_worker: Worker) -> Any:
    """The real application, on this process's private schema."""
    return berceau_worker.application()


@pytest.fixture
def app(db: Database, berceau_application: Any) -> TestApp[Any]:
    """A WebTest ``TestApp`` on the real application; the database is empty at first.

    Where the project has tenants, its requests are of the tenant that the test acts for.
    """
    from berceau.testing.tenant_app import TenantApp

    return TenantApp(berceau_application)


@pytest.fixture
def tenant(db: Database, berceau_worker: Worker) -> Tenant:
    """Another ``Tenant`` than the test acts for: ``with tenant_context(tenant):`` acts for it."""
    return berceau_worker.tenants.second


@pytest.fixture
def assert_apart(db: Database, berceau_worker: Worker) -> AssertApart:
    """``assert_apart(work)`` fails unless ``work`` of one tenant leaves another one alone."""
    from berceau.testing.tenants import assert_apart

    return assert_apart(berceau_worker.tenants)


@pytest.fixture
def run_jobs(db: Database) -> Callable[[], None]:
    """``run_jobs()`` runs the background jobs that are due, and raises what made one fail."""
    from berceau.jobs.waiting import run_waiting

    return run_waiting


@pytest.fixture
def migrator(pytestconfig: pytest.Config, berceau_settings: Settings) -> Iterator[Migrator]:
    """The project's migrations, to apply and undo one by one in an empty schema: a ``Migrator``."""
    from berceau.testing.preparation import isolation_called
    from berceau.workflows.testing.migrator import migrator

    with migrator(berceau_settings, isolation_called(pytestconfig.getini(ISOLATION))) as found:
        yield found


@pytest.fixture(scope="session")
def berceau_plans(berceau_settings: Settings) -> Iterator[Plans]:
    """The ``Plans`` by the project's files of statistics."""
    from berceau.testing.plans import Plans

    plans = Plans(berceau_settings)
    yield plans
    plans.close()


@pytest.fixture
def assert_plan(db: Any, berceau_worker: Worker, berceau_plans: Plans) -> AssertPlan:
    """``assert_plan(query, uses="post_author_idx")`` fails unless that is how it is planned."""
    from berceau.testing.plans import assert_plan

    return assert_plan(berceau_worker.recorder, berceau_plans)


@pytest.fixture
def assert_queries(db: Any, berceau_worker: Worker) -> AssertQueries:
    """``with assert_queries(3):`` fails unless its body runs three queries."""
    from berceau.testing.report import assert_queries

    return lambda expected: assert_queries(berceau_worker.recorder, expected)
