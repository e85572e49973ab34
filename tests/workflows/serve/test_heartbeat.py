"""The heartbeat on a real server: what others see of a process, and when they no longer do."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from uuid import uuid4

import pytest

from berceau.errors import PermissionMissingError
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.runner import processes
from berceau.postgres.runner.processes import Announcement, Process, announce
from berceau.workflows.serve import heartbeat
from berceau.workflows.serve.heartbeat import Heartbeat
from berceau.workflows.shared.databases import Databases
from tests.waiting import wait_until

NUMBER = "11111111-1111-4111-8111-111111111111"
OLD = Process("20260101000000_first", "web1", 7)
ROWS = "SELECT newest, host, pid, application FROM berceau_process"


@pytest.fixture
def owner(database: Databases) -> Iterator[Connection]:
    """A connection of the owner, with the table there."""
    with connect(database.migration_url, autocommit=True) as connection:
        processes.ensure(connection, database.runtime_url.user)
        yield connection


@pytest.fixture
def beating(database: Databases, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable]:
    """Return a function that starts a heartbeat, which beats fast, and ends with the test."""
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.05)
    with ExitStack() as stack:

        def beating(on_beat: Callable = lambda: None, url=database.runtime_url) -> Heartbeat:
            made = Heartbeat(url, OLD.newest, on_beat)
            stack.callback(made.end)
            made.start()
            return made

        yield beating


def test_a_process_is_seen_until_it_ends(owner, database, beating) -> None:
    named = replace(database.runtime_url, parameters=(("application_name", "shop"),))
    made = beating(url=named)
    (found,) = processes.running(owner)
    assert (found.newest, found.host, found.pid, found.application) == (
        *("20260101000000_first", socket.gethostname(), os.getpid(), "shop"),
    )
    since = found.started_at.strftime("%Y-%m-%d %H:%M:%S UTC")
    assert str(found) == (
        f"{socket.gethostname()}, process {os.getpid()} (shop), since {since}: "
        "its newest migration is 20260101000000_first"
    )
    made.end()
    assert processes.running(owner) == ()
    made.beat()
    assert processes.running(owner) == (), "what has ended is never announced again"


@pytest.mark.usefixtures("owner")
def test_it_goes_on_in_its_thread(beating, query) -> None:
    beats = []
    beating(lambda: beats.append(1))
    (first,) = query("SELECT seen_at FROM berceau_process")
    wait_until(lambda: len(beats) > 2)
    assert query("SELECT seen_at FROM berceau_process") > [first]
    assert query("SELECT count(*) FROM berceau_process") == [(1,)]


@pytest.mark.usefixtures("owner")
def test_a_beat_survives_what_it_calls(beating, caplog) -> None:
    beats = []

    def fail() -> None:
        beats.append(1)
        raise RuntimeError("unforeseen")

    beating(fail)
    wait_until(lambda: len(beats) > 2)
    assert "unforeseen" in caplog.text


def test_a_killed_process_counts_until_its_last_sign_is_old(owner, database, query) -> None:
    announce(database.runtime_url, NUMBER, OLD)
    query("UPDATE berceau_process SET seen_at = now() - interval '55 seconds'")
    assert [each.host for each in processes.running(owner)] == ["web1"]
    query("UPDATE berceau_process SET seen_at = now() - interval '61 seconds'")
    assert processes.running(owner) == ()
    with processes.alone(owner, database.migration_url.schema):
        assert announce(database.runtime_url, NUMBER, OLD) is Announcement.BARRED
    assert announce(database.runtime_url, NUMBER, OLD) is Announcement.DONE
    assert [each.host for each in processes.running(owner)] == ["web1"], "it lives, after all"


@pytest.mark.usefixtures("owner")
def test_what_was_killed_long_ago_is_removed(database, query) -> None:
    announce(database.runtime_url, NUMBER, OLD)
    query("UPDATE berceau_process SET seen_at = now() - interval '25 hours'")
    announce(database.runtime_url, NUMBER.replace("1", "2"), replace(OLD, host="web2"))
    assert query("SELECT host FROM berceau_process") == [("web2",)]


def test_without_the_table_nothing_happens_until_it_comes(database, beating, query, caplog) -> None:
    made = beating()
    assert not made.is_barred
    assert "no sign of life" not in caplog.text
    with connect(database.migration_url, autocommit=True) as connection:
        processes.ensure(connection, database.runtime_url.user)
    wait_until(lambda: query(ROWS))


def test_a_missing_right_is_named_once(owner, database, beating, query, caplog) -> None:
    query(f"REVOKE INSERT ON berceau_process FROM {database.runtime_url.user}")
    beats = []
    beating(lambda: beats.append(1))
    wait_until(lambda: len(beats) > 2)
    (line,) = [each for each in caplog.messages if "no sign of life" in each]
    assert "permission denied" in line
    assert "invoke migrate.deploy" in line
    processes.ensure(owner, database.runtime_url.user)
    wait_until(lambda: query(ROWS))


def test_a_lost_database_is_no_end(owner, database, monkeypatch, caplog) -> None:
    made = Heartbeat(replace(database.runtime_url, hosts=(("127.0.0.1", 1),)), None)
    made.beat()
    made.beat()
    assert sum("no sign of life" in each for each in caplog.messages) == 1
    monkeypatch.setattr(made, "_url", database.runtime_url)
    made.beat()
    (found,) = processes.running(owner)
    assert str(found).endswith(": it has no migrations")
    made.end()


def test_nobody_comes_while_a_contract_is_applied(owner, database, beating, query) -> None:
    there = announce(database.runtime_url, NUMBER, OLD)
    with processes.alone(owner, database.migration_url.schema):
        assert announce(database.runtime_url, NUMBER, OLD) is there is Announcement.DONE
        looks = []
        made = beating(lambda: looks.append(made.is_barred))
        assert made.is_barred
        wait_until(lambda: looks)
        assert query("SELECT host FROM berceau_process") == [("web1",)]
    wait_until(lambda: not made.is_barred)
    wait_until(lambda: looks[-1] is False)
    assert len(processes.running(owner)) == 2


def test_a_deploy_sees_who_was_announcing_itself(owner, database) -> None:
    with connect(database.runtime_url) as coming, coming.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert processes.try_shared_lock(coming, f"contract:{database.runtime_url.schema}")
        with (
            pytest.raises(processes.MigrationError, match="announce themselves without end"),
            processes.alone(owner, database.migration_url.schema, patience=0.1),
        ):
            pass
        coming.rollback()
        with processes.alone(owner, database.migration_url.schema, patience=0.1):
            pass


@contextmanager
def forked() -> Iterator[int]:
    """Fork this process, and yield the id of the other one, which ends after the body."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        os.read(reading, 1)  # until the parent closes its end
        os._exit(0)
    try:
        os.close(reading)
        yield child
    finally:
        os.close(writing)
        os.waitpid(child, 0)


@pytest.mark.usefixtures("owner")
def test_a_forked_process_is_announced_itself(beating, query) -> None:
    beating()
    with forked() as child:
        wait_until(lambda: query(f"SELECT pid FROM berceau_process WHERE pid = {child}"))
        assert query(f"SELECT pid FROM berceau_process WHERE pid = {os.getpid()}")


def test_a_fork_is_announced_although_its_parent_could_not_be(
    owner, database, beating, query
) -> None:
    query(f"REVOKE INSERT ON berceau_process FROM {database.runtime_url.user}")
    beating()
    with forked() as child:
        processes.ensure(owner, database.runtime_url.user)
        wait_until(lambda: query(f"SELECT pid FROM berceau_process WHERE pid = {child}"))


def test_rights_are_given_once(owner, database, query) -> None:
    acl = "SELECT xmin::text, relacl::text FROM pg_class WHERE oid = 'berceau_process'::regclass"
    before = query(acl)
    processes.ensure(owner, database.runtime_url.user)
    processes.ensure(owner, "nobody_has_this_name")
    assert query(acl) == before


def test_what_refuses_the_end_of_a_process_is_told_in_words(owner, database, query) -> None:
    query("REVOKE DELETE ON berceau_process FROM " + database.runtime_url.user)
    with pytest.raises(PermissionMissingError, match="can't write into berceau_process"):
        processes.withdraw(database.runtime_url, str(uuid4()))
    processes.ensure(owner, database.runtime_url.user)
