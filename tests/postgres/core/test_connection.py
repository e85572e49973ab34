import socket
import traceback
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import psycopg2
import pytest

from berceau.errors import ConnectionFailedError, PermissionMissingError
from berceau.postgres.core.connection import connect, connected, explain
from berceau.postgres.core.url import Url
from tests.proxy import proxy

SECRET = "hunter2"


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port of this machine on which nothing answers, as it is bound and doesn't listen."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def failure(url: Url) -> ConnectionFailedError:
    with pytest.raises(ConnectionFailedError) as caught:
        connect(url)
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    return caught.value


def test_an_unreachable_server_is_named_with_all_that_was_tried(closed_port) -> None:
    url = Url("app", SECRET, (("127.0.0.1", closed_port), ("localhost", closed_port)), "shop")
    error = failure(url)
    for part in ("'app'", "'shop'", f"127.0.0.1:{closed_port}", f"localhost:{closed_port}"):
        assert part in error.message
    assert "Is the server running" in error.cure
    assert "\t" not in error.message  # libpq's hint, which the cure gives


def test_an_unknown_host_is_unreachable() -> None:
    error = failure(Url("app", SECRET, (("no-such-host.invalid", None),), "shop"))
    assert "no-such-host.invalid" in error.message
    assert "Check host and port" in error.cure


def test_a_missing_database_is_provisions_task(running) -> None:
    error = failure(replace(running.runtime_url, database="missing", password=SECRET))
    assert "'missing'" in error.message
    assert "db.provision" in error.cure


def test_a_missing_role_is_provisions_task(running) -> None:
    error = failure(replace(running.runtime_url, user="missing", password=SECRET))
    assert "'missing'" in error.message
    assert "db.provision" in error.cure


def test_a_database_that_the_role_may_not_enter_is_a_missing_right(running) -> None:
    stranger = Url("stranger", "", running.owner_url.hosts, "berceau")
    admin = replace(stranger, user="postgres")
    with connect(admin) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE ROLE stranger LOGIN")
    try:
        with pytest.raises(PermissionMissingError, match="CONNECT"):
            connect(stranger)
    finally:
        with connect(admin) as connection, connection.cursor() as cursor:
            cursor.execute("DROP ROLE stranger")


@pytest.mark.parametrize(
    ("reason", "cure"),
    [
        ('FATAL:  password authentication failed for user "app"', "Correct the password"),
        ("fe_sendauth: no password supplied", "Correct the password"),
        ('FATAL:  no pg_hba.conf entry for host "::1"', "pg_hba.conf"),
        ("FATAL:  sorry, too many clients already", "Close connections"),
        ("FATAL:  the database system is starting up", "try again"),
        ("server does not support SSL, but SSL was required", "sslmode"),
        ("FATAL:  le rôle « app » n'existe pas", "Check host and port"),
    ],
)
def test_each_cause_has_its_cure(reason, cure) -> None:
    error = explain(Url("app", SECRET, (), "shop"), reason)
    assert reason in error.message
    assert cure in error.cure


def test_the_schema_can_be_chosen(running) -> None:
    with (
        connect(running.owner_url, schema="pg_catalog") as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT current_schema()")
        assert cursor.fetchone() == ("pg_catalog",)


def test_with_commits_and_closes(running) -> None:
    with connect(running.owner_url) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE committed ()")
    assert connection.closed
    with connect(running.owner_url) as connection, connection.cursor() as cursor:
        cursor.execute("DROP TABLE committed")


def test_a_connection_that_breaks_is_one_that_cannot_be_had(running) -> None:
    with (
        pytest.raises(ConnectionFailedError, match="No connection to database"),
        connected(running.owner_url) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid(), 1000)")


def test_with_keeps_nothing_of_a_failure(running) -> None:
    with (
        pytest.raises(psycopg2.errors.DivisionByZero),
        connect(running.owner_url) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("CREATE TABLE discarded (); SELECT 1 / 0")
    assert connection.closed
    with connect(running.owner_url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('discarded')")
        assert cursor.fetchone() == (None,)


def test_the_surroundings_lead_a_url_with_a_host_nowhere_else(running, monkeypatch) -> None:
    monkeypatch.setenv("PGHOSTADDR", "192.0.2.1")
    monkeypatch.setenv("PGTARGETSESSIONATTRS", "standby")
    monkeypatch.setenv("PGOPTIONS", "-c search_path=pg_catalog")
    monkeypatch.setenv("PGDATABASE", "template1")
    with connect(running.owner_url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT current_schema(), current_database()")
        assert cursor.fetchone() == ("public", "berceau")


@pytest.mark.parametrize("work", ["execute", "executemany", "commit", "rollback"])
def test_one_that_a_crash_of_the_server_ended_is_lost(database, work) -> None:
    with proxy(database.runtime_url, local=True) as way, closing(connect(way.url)) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT 1")
        way.crash()
        with pytest.raises(psycopg2.OperationalError, match="closed the connection"):
            {
                "execute": lambda: cursor.execute("SELECT 1"),
                "executemany": lambda: cursor.executemany("SELECT %s", [(1,)]),
                "commit": connection.commit,
                "rollback": connection.rollback,
            }[work]()


def test_what_a_statement_is_refused_for_is_no_loss(database) -> None:
    with closing(connect(database.runtime_url, autocommit=True)) as connection:
        with pytest.raises(psycopg2.DatabaseError) as caught, connection.cursor() as cursor:
            cursor.execute("DO $$ BEGIN RAISE 'no' USING ERRCODE = 'ZZ001'; END $$")
        assert type(caught.value) is psycopg2.DatabaseError
