"""Servers that are killed, frozen, added, and tenants that move, while visitors write."""

import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import execute
from berceau.tenancy import tenant_schema
from tests.citus.drills import FAULTS, Cost, attempt
from tests.citus.site import TENANTS, Site, site

pytestmark = pytest.mark.slow

SECONDS = 0.5  # before and after each fault
ALL_GO_ON = 10  # seconds


@pytest.fixture(scope="module")
def running(servers, tmp_path_factory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("site")
    with site(folder, servers) as made:
        yield made


@pytest.fixture
def strike(running) -> Callable[[str], Cost]:
    """Let a fault strike, and return what it cost, which is no false word to anybody."""

    def strike(fault: str) -> Cost:
        cost = attempt(running, FAULTS[fault], SECONDS)
        assert not cost.false, cost
        assert cost.recovery < ALL_GO_ON
        return cost

    return strike


def test_sessions_between_servers_end(strike) -> None:
    assert strike("sessions of all servers ended").saved


def test_a_server_is_killed(strike) -> None:
    assert strike("a server killed, back after 2 s").refused


def test_the_coordinator_is_killed(strike) -> None:
    assert strike("the coordinator killed, back after 2 s").refused


def test_a_server_freezes(strike) -> None:
    assert strike("a server frozen for 4 s").slowest > 1


def test_a_tenant_moves_there_and_back(strike) -> None:
    cost = strike("a tenant moved there and back")
    assert not cost.refused
    assert not cost.unknown


def test_a_server_is_added(running, strike) -> None:
    cost = strike("a server added, shards moved")
    assert not cost.refused
    assert not cost.unknown
    cluster = running.cluster
    assert cluster.ask(
        f"SELECT FROM citus_shards WHERE nodeport = {cluster.spare.port} AND table_name ="
        " 'event'::regclass"
    )
    running.project.succeed("tenant.move", "acme", f"127.0.0.1:{cluster.spare.port}")
    owner, app = (
        replace(cluster.admin, user=role).of_tenant(tenant_schema("acme", "public"))
        for role in ("owner", "app")
    )
    with connect(owner) as connection:
        execute(connection, "CREATE TABLE tag (id int)")
    with connect(app) as connection:
        execute(connection, "INSERT INTO tag VALUES (1)")
        execute(connection, "INSERT INTO note (text) VALUES ('moved')")


def test_commands_begin_nothing_while_a_server_is_gone(running) -> None:
    project, cluster = running.project, running.cluster
    stars = "migrations/tenant/20260101000002_stars/migration.sql"
    node = running.server_of("acme")
    other = next(each for each in cluster.others if each is not node)
    node.signal(signal.SIGKILL)
    try:
        project.write(stars, "ALTER TABLE note ADD COLUMN stars integer;\n")
        for command in (
            ("tenant.create", "initech"),
            ("tenant.drop", "globex", "--force"),
            ("tenant.move", "acme", f"127.0.0.1:{other.port}"),
            ("migrate.status",),
            ("migrate.deploy",),
            ("migrate.down", "--allow-data-loss"),
            ("db.provision", "--admin-url", cluster.admin.with_password()),
        ):
            said = project.fail(*command)
            assert f"127.0.0.1:{node.port} doesn't answer" in said, (command, said)
        assert project.succeed("tenant.list").count("  ready  ") == len(TENANTS)
    finally:
        node.start()
    project.succeed("migrate.deploy")
    project.succeed("tenant.create", "initech")
    project.succeed("tenant.drop", "initech")
