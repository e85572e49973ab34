"""What migrations made is dropped, in an order that PostgreSQL allows."""

import pytest

from berceau.postgres.inspect import catalog, objects, removal
from berceau.postgres.inspect.scratch import scratch


def test_a_composite_type_goes_with_what_uses_it(server) -> None:
    with scratch(server.migration_url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "CREATE TYPE place AS (x int, y int); CREATE TABLE shop (at place);"
            "CREATE FUNCTION far(place[]) RETURNS place LANGUAGE sql AS 'SELECT $1[1]'"
        )
        schema = catalog.read(connection)
        removal.drop(connection, schema, objects.read(connection), lambda: None)
        cursor.execute("SELECT to_regtype('place')")
        assert cursor.fetchone() == (None,)


@pytest.mark.parametrize(
    "function",
    [
        "FUNCTION newest() RETURNS post LANGUAGE sql AS 'SELECT * FROM post'",
        "FUNCTION all_of() RETURNS SETOF post LANGUAGE sql AS 'SELECT * FROM post'",
        "FUNCTION title(post[]) RETURNS text LANGUAGE sql AS 'SELECT $1[1].title'",
        "FUNCTION posts() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM post; END",
        "PROCEDURE show(post) LANGUAGE sql AS 'SELECT $1'",
    ],
)
def test_a_function_that_is_built_on_a_table_goes_first(server, function) -> None:
    with scratch(server.migration_url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION now_text() RETURNS text LANGUAGE sql AS 'SELECT now()::text';"
            "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
            "CREATE TABLE post (title text DEFAULT now_text());"
            "CREATE TRIGGER touched BEFORE INSERT ON post FOR EACH ROW EXECUTE FUNCTION touch();"
            f"CREATE {function}"
        )
        schema = catalog.read(connection)
        removal.drop(connection, schema, objects.read(connection), lambda: None)
        assert catalog.read(connection).tables == ()
        assert objects.read(connection) == ()
