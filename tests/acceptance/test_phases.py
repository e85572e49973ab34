"""Deploys in two phases: what the old release can live with, and what waits for its end."""

import json
import re
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from berceau.errors import HistoryError
from berceau.postgres.runner.processes import Announcement, Process, announce, withdraw
from berceau.settings import Settings
from berceau.workflows.testing.copies import Isolation
from berceau.workflows.testing.isolation import prepare
from tests.conftest import Project

FIRST, EXPAND, CONTRACT, BEHIND = (
    f"2026010100000{number}_{name}"
    for number, name in enumerate(("first", "wider", "narrower", "behind"))
)
TABLES = """
SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename !~ '^berceau_'
ORDER BY 1
"""
WAITS = f"{CONTRACT} waits for the old processes to end: `invoke migrate.deploy --contract`"

LONG_AGO = "COMMENT ON TABLE berceau_process IS NULL"
"""Makes the table of processes one that was there long before."""


@pytest.fixture
def shop(connected: Project, query: Callable[[str], object]) -> Project:
    """A project whose first migration is applied; three more are on disk."""
    del connected.environment["BERCEAU_ALLOW_DOWNTIME"]
    connected.migration(FIRST, "CREATE TABLE old ();\n")
    connected.succeed("migrate.deploy")
    query(LONG_AGO)
    write_rest(connected)
    return connected


def write_rest(connected: Project) -> None:
    connected.migration(EXPAND, f"-- Parent: {FIRST}\nCREATE TABLE wider ();\n")
    contract = f"-- Parent: {EXPAND}\n-- Phase: contract\nDROP TABLE old;\n"
    connected.migration(CONTRACT, contract)
    connected.migration(BEHIND, f"-- Parent: {CONTRACT}\nCREATE TABLE behind ();\n")


def test_a_contract_waits_and_what_stands_behind_it_too(shop, query) -> None:
    out = shop.succeed("migrate.deploy")
    assert out.splitlines()[-3:] == [
        f"deploy: applied {EXPAND}",
        f"deploy: {WAITS}",
        f"deploy: {BEHIND} waits, because it stands behind {CONTRACT}",
    ]
    assert query(TABLES) == [("old",), ("wider",)]
    again = shop.succeed("migrate.deploy").splitlines()
    assert again[0] == "deploy: nothing else is pending"
    assert again[1] == f"deploy: {WAITS}"

    found = json.loads(shop.succeed("migrate.status", "--json"))
    assert found["pending"] == found["waiting"] == [CONTRACT, BEHIND]
    assert found["phases"] == {CONTRACT: "contract", BEHIND: "expand"}
    status = shop.succeed("migrate.status")
    assert f"pending  {WAITS}\n" in status
    assert f"pending  {BEHIND} waits, because it stands behind {CONTRACT}\n" in status

    out = shop.succeed("migrate.deploy", "--contract")
    assert out.endswith(f"deploy: applied {CONTRACT}, {BEHIND}\n")
    assert query(TABLES) == [("behind",), ("wider",)]
    assert shop.succeed("migrate.deploy", "--contract") == "deploy: nothing is pending\n"


@pytest.fixture
def announced(shop, database) -> Iterator[Callable[[str], None]]:
    """Return a function that announces a process whose newest migration has this name."""
    shop.succeed("migrate.deploy")
    numbers: list[str] = []

    def announced(newest: str | None) -> None:
        numbers.append(str(uuid4()))
        process = Process(newest, f"web{len(numbers)}", 4711, "shop")
        assert announce(database.runtime_url, numbers[-1], process) is Announcement.DONE

    yield announced
    for number in numbers:
        withdraw(database.runtime_url, number)


def test_a_contract_by_hand_waits_for_processes_that_do_not_have_it(shop, announced, query) -> None:
    announced(EXPAND)
    announced(BEHIND)
    announced(None)
    message = shop.fail("migrate.deploy", "--contract")
    lines = message.splitlines()
    assert lines[0] == (f"error: {CONTRACT} waits for 2 processes that don't know {CONTRACT}:")
    since = r"since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"
    web1, web3 = lines[1:3]
    newest = f"its newest migration is {EXPAND}"
    assert re.fullmatch(rf"  web1, process 4711 \(shop\), {since}: {newest}", web1)
    assert re.fullmatch(rf"  web3, process 4711 \(shop\), {since}: it has no migrations", web3)
    assert "its last sign of life is 60 seconds old" in message
    assert query(TABLES) == [("old",), ("wider",)], "nothing was applied"
    found = json.loads(shop.succeed("migrate.status", "--json"))
    assert [(each["host"], each["newest"]) for each in found["processes"]] == [
        ("web1", EXPAND),
        ("web2", BEHIND),
        ("web3", None),
    ]
    assert "process  web1, process 4711 (shop), since " in shop.succeed("migrate.status")
    query("DELETE FROM berceau_process WHERE host <> 'web2'")
    assert f"deploy: applied {CONTRACT}, {BEHIND}" in shop.succeed("migrate.deploy", "--contract")


def test_a_contract_that_ends_what_was_kept_needs_the_expanding_one_before(
    shop, announced, query
) -> None:
    sql = f"-- Parent: {EXPAND}\n-- Phase: contract\n-- Ends: table old\nDROP TABLE old;\n"
    shop.migration(CONTRACT, sql)
    announced(FIRST)
    message = shop.fail("migrate.deploy", "--contract")
    assert f"{CONTRACT} waits for 1 process that doesn't know {EXPAND}:" in message
    query(f"UPDATE berceau_process SET newest = '{EXPAND}'")
    assert f"deploy: applied {CONTRACT}, {BEHIND}" in shop.succeed("migrate.deploy", "--contract")


@pytest.mark.slow
def test_what_only_a_later_contract_takes_is_no_reason_to_wait(shop, announced, query) -> None:
    later = "20260101000004_later"
    shop.migration(later, f"-- Parent: {BEHIND}\n-- Phase: contract\nDROP TABLE wider;\n")
    announced(BEHIND)
    out = shop.succeed("migrate.deploy", "--contract")
    assert f"deploy: applied {CONTRACT}, {BEHIND}\n" in out
    assert f"deploy: {later} waits for 1 process that doesn't know {later}:\n  web1" in out
    assert query(TABLES) == [("behind",), ("wider",)]
    assert f"{later} waits for 1 process" in shop.fail("migrate.deploy", "--contract")


@pytest.mark.slow
def test_who_allows_downtime_waits_for_nobody(shop, announced) -> None:
    announced(FIRST)
    out = shop.succeed("migrate.deploy", "--allow-downtime")
    assert f"deploy: applied {CONTRACT}, {BEHIND}\n" in out


def test_a_project_that_always_stops_says_so_once(shop, announced) -> None:
    announced(FIRST)
    pyproject = shop.root / "pyproject.toml"
    setting = "\n[tool.berceau.migrations]\nallow_downtime = true\n"
    pyproject.write_text(pyproject.read_text() + setting if pyproject.exists() else setting)
    status = shop.succeed("migrate.status")
    assert f"pending  {CONTRACT}\npending  {BEHIND}\n" in status
    assert json.loads(shop.succeed("migrate.status", "--json"))["waiting"] == []
    assert f"deploy: applied {CONTRACT}, {BEHIND}\n" in shop.succeed("migrate.deploy")


@pytest.mark.slow
def test_an_installation_gets_the_table_by_its_next_deploy(shop, query, database) -> None:
    query("DROP TABLE berceau_process")
    assert shop.succeed("migrate.status")
    message = shop.fail("migrate.deploy", "--contract")
    assert f"Which processes run isn't known yet: {CONTRACT} waits for them." in message
    assert query(TABLES) == [("old",)], "nothing was applied"
    assert "isn't known yet" in shop.fail("migrate.deploy", "--contract"), "nor is it at once"
    query(LONG_AGO)
    shop.succeed("migrate.deploy", "--contract")
    query("DROP TABLE berceau_process")
    assert shop.succeed("migrate.deploy") == "deploy: nothing is pending\n"
    owner = database.migration_url.user
    assert query(
        "SELECT tableowner FROM pg_tables WHERE tablename = 'berceau_process' "
        "AND schemaname = current_schema()"
    ) == [(owner,)]
    found = json.loads(shop.succeed("migrate.status", "--json"))
    assert (found["unmanaged"], found["drift"]["restore"]) == ([], [])


@pytest.mark.slow
def test_in_development_all_is_applied(shop, query) -> None:
    assert f"applying {BEHIND}" in shop.succeed("migrate")
    assert query(TABLES) == [("behind",), ("wider",)]
    shop.succeed("migrate.reset", "--force", "--no-input")
    assert query(TABLES) == [("behind",), ("wider",)]


@pytest.mark.slow
def test_an_empty_database_gets_all_at_once(connected) -> None:
    del connected.environment["BERCEAU_ALLOW_DOWNTIME"]
    connected.migration(FIRST, "CREATE TABLE old ();\n")
    write_rest(connected)
    assert connected.succeed("migrate.deploy").endswith(
        f"deploy: applied {FIRST}, {EXPAND}, {CONTRACT}, {BEHIND}\n"
    )


@pytest.mark.slow
def test_a_contract_that_failed_is_resumed_with_the_option(shop) -> None:
    shop.migration(CONTRACT, "-- Phase: contract\nDROP TABLE old;\nDROP TABLE gone;\n")
    shop.fail("migrate.deploy", "--contract")
    assert f"deploy: {WAITS}" in shop.succeed("migrate.deploy")
    shop.migration(CONTRACT, "-- Phase: contract\nDROP TABLE old;\n")
    assert f"deploy: applied {CONTRACT}" in shop.succeed("migrate.deploy", "--contract")


@pytest.mark.slow
def test_a_squash_is_no_contract(shop) -> None:
    shop.succeed("migrate.deploy", "--contract")
    shop.succeed("migrate.squash", "--name", "all")
    (name,) = shop.migrations()
    assert "-- Phase" not in (shop.root / "migrations" / name / "migration.sql").read_text()


@pytest.mark.slow
def test_tests_name_the_option_that_they_need(shop) -> None:
    shop.succeed("migrate.deploy")
    urls = (shop.environment[name] for name in ("DATABASE_URL", "MIGRATION_DATABASE_URL"))
    with pytest.raises(HistoryError, match=f"lacks {CONTRACT}, {BEHIND}") as caught:
        prepare(Settings(shop.root, *urls), Isolation.SCHEMA)
    assert "migrate.deploy --contract" in str(caught.value.cure)


@pytest.mark.slow
def test_a_phase_that_is_neither_is_refused_with_its_line(shop) -> None:
    shop.migration(CONTRACT, f"-- Parent: {EXPAND}\n-- Phase: later\nDROP TABLE old;\n")
    message = shop.fail("migrate.deploy")
    assert "The header is malformed: Phase says later." in message
    assert f"{CONTRACT}/migration.sql:2" in message
    assert "`-- Phase: expand` or `-- Phase: contract`" in message


@pytest.mark.slow
def test_the_status_is_told_where_a_pending_migration_can_not_be_run(connected) -> None:
    connected.migration(FIRST, "-- Keeps: column old.note\nCREATE TABLE old (note int);\n")
    connected.succeed("migrate.deploy")
    connected.migration(EXPAND, f"-- Parent: {FIRST}\nSELECT broken;\n")
    told = json.loads(connected.succeed("migrate.status", "--json"))
    assert told["pending"] == [EXPAND]
    assert "broken" in told["unknown"]
