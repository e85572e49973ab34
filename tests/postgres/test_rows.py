"""Rows cleared without knowing what they mean."""

from threading import Event, Thread

from berceau.postgres.connection import connect
from berceau.postgres.rows import delete_all


def test_other_schemas_may_come_and_go_meanwhile(database):
    enough = Event()
    name = f"{database.owner.schema}_other"

    def come_and_go():
        with connect(database.owner) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            while not enough.is_set():
                cursor.execute(f"CREATE SCHEMA {name}")
                cursor.execute(f"CREATE TABLE {name}.t (id serial)")
                cursor.execute(f"DROP SCHEMA {name} CASCADE")

    other = Thread(target=come_and_go)
    other.start()
    try:
        with connect(database.owner) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            cursor.execute("CREATE TABLE t (id serial)")
            for _ in range(300):
                cursor.execute("INSERT INTO t DEFAULT VALUES")
                delete_all(connection)
            cursor.execute("INSERT INTO t DEFAULT VALUES RETURNING id")
            assert cursor.fetchall() == [(1,)]
    finally:
        enough.set()
        other.join()
