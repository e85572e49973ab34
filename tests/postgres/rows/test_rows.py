"""Rows cleared without knowing what they mean."""

from threading import Event, Thread

import pytest

from berceau.errors import IsolationError
from berceau.postgres.core.connection import connect
from berceau.postgres.rows.rows import delete_all, filled_tables, hurry


def test_other_schemas_may_come_and_go_meanwhile(database) -> None:
    enough = Event()
    name = f"{database.migration_url.schema}_other"

    def come_and_go() -> None:
        with (
            connect(database.migration_url, autocommit=True) as connection,
            connection.cursor() as cursor,
        ):
            while not enough.is_set():
                cursor.execute(f"CREATE SCHEMA {name}")
                cursor.execute(f"CREATE TABLE {name}.t (id serial)")
                cursor.execute(f"DROP SCHEMA {name} CASCADE")

    other = Thread(target=come_and_go)
    other.start()
    try:
        with (
            connect(database.migration_url, autocommit=True) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("CREATE TABLE t (id serial)")
            for _ in range(300):
                cursor.execute("INSERT INTO t DEFAULT VALUES")
                delete_all(connection)
            cursor.execute("INSERT INTO t DEFAULT VALUES RETURNING id")
            assert cursor.fetchall() == [(1,)]
    finally:
        enough.set()
        other.join()


def test_whoever_holds_rows_is_not_waited_for_without_end(database) -> None:
    with (
        connect(database.migration_url, autocommit=True) as connection,
        connect(database.migration_url) as other,
        connection.cursor() as cursor,
        other.cursor() as others,
    ):
        cursor.execute("CREATE TABLE t (id int); INSERT INTO t VALUES (1)")
        others.execute("UPDATE t SET id = 2")
        hurry(connection)
        cursor.execute("SET lock_timeout = '10ms'")
        with pytest.raises(IsolationError, match="another session still has an open transaction"):
            delete_all(connection)


def test_rows_that_row_security_hides_go_too(database) -> None:
    with (
        connect(database.migration_url, autocommit=True) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE u (t int REFERENCES t);"
            "INSERT INTO t VALUES (1), (2); INSERT INTO u VALUES (1);"
            "CREATE POLICY none ON t USING (id = 2);"
            "ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
        )
        assert filled_tables(connection) == ("t", "u")
        cursor.execute("DELETE FROM t")
        assert filled_tables(connection) == ("t", "u"), "one is hidden"
        delete_all(connection)
        assert filled_tables(connection) == ()
        cursor.execute("ALTER TABLE t NO FORCE ROW LEVEL SECURITY; SELECT FROM t")
        assert cursor.fetchall() == []
