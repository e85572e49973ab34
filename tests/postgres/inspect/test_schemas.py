from threading import Timer

import psycopg2
import pytest

from berceau.errors import PermissionMissingError
from berceau.postgres.core.connection import connect
from berceau.postgres.core.locks import await_lock, holder, holds, try_lock, unlock
from berceau.postgres.inspect.schemas import create_schema, drop_schema, schemas_like
from berceau.postgres.inspect.scratch import PREFIX, scratch

NAME = 'a "test"'


def current_schema(connection) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        return cursor.fetchone()[0]


def test_a_scratch_schema_ends_with_its_block(running) -> None:
    with scratch(running.owner_url) as connection:
        name = current_schema(connection)
        assert name.startswith(PREFIX)
    with connect(running.owner_url) as connection:
        assert name not in schemas_like(connection, PREFIX)


def test_a_scratch_schema_ends_with_an_error_too(running) -> None:
    names = []

    def fail_inside() -> None:
        with scratch(running.owner_url) as connection, connection.cursor() as cursor:
            names.append(current_schema(connection))
            cursor.execute("SELECT 1/0")

    with pytest.raises(psycopg2.errors.DivisionByZero):
        fail_inside()
    with connect(running.owner_url) as connection:
        assert names[0] not in schemas_like(connection, PREFIX)


def test_what_a_killed_process_left_is_dropped_by_the_next(running) -> None:
    abandoned = f"{PREFIX}abandoned"
    with connect(running.owner_url) as connection:
        create_schema(connection, abandoned)
    with scratch(running.owner_url) as connection:
        assert abandoned not in schemas_like(connection, PREFIX)


def test_what_a_living_process_uses_stays(running) -> None:
    with scratch(running.owner_url) as mine, scratch(running.owner_url) as other:
        assert current_schema(mine) in schemas_like(other, PREFIX)


def test_a_schema_of_many_tables_is_dropped_whole(running) -> None:
    with connect(running.owner_url, autocommit=True) as connection:
        create_schema(connection, NAME)
        with connection.cursor() as cursor:
            for number in range(250):
                cursor.execute(f'CREATE TABLE "a ""test""".t{number} (id int)')
        drop_schema(connection, NAME)
        assert schemas_like(connection, NAME) == ()
        drop_schema(connection, NAME)


def test_a_lock_has_one_holder_who_is_named(running) -> None:
    with connect(running.owner_url) as first, connect(running.owner_url) as second:
        assert holder(first, "thing") is None
        assert try_lock(first, "thing")
        assert not try_lock(second, "thing")
        assert try_lock(second, "another thing")
        assert "berceau_owner" in holder(second, "thing")
        assert str(first.get_backend_pid()) in holder(second, "thing")
        unlock(first, "thing")
        assert try_lock(second, "thing")


def test_a_lock_is_waited_for_as_long_as_one_has_patience(running) -> None:
    with connect(running.owner_url) as first, connect(running.owner_url) as second:
        first.autocommit = second.autocommit = True
        assert await_lock(first, "patience", 0.1)
        assert not await_lock(second, "patience", 0.1)
        assert not holds(second, "patience")
        soon = Timer(0.1, unlock, (first, "patience"))
        soon.start()
        assert await_lock(second, "patience", 10)
        assert holds(second, "patience")
        soon.join()


def test_a_role_that_may_not_create_a_schema_is_named(running) -> None:
    refused = pytest.raises(PermissionMissingError, match=r"'berceau_app' can't create a schema")
    with connect(running.runtime_url, autocommit=True) as connection, refused:
        create_schema(connection, "mine")
