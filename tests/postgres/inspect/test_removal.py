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


OTHERS = """
CREATE COLLATION letters FROM "C";
CREATE DOMAIN word AS text COLLATE letters;
CREATE CONVERSION recoded FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE TYPE pair AS (x int, y int);
CREATE FUNCTION first(pair) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT ($1).x';
CREATE CAST (pair AS int) WITH FUNCTION first(pair);
CREATE CAST (pair AS bigint) WITH INOUT;
CREATE FUNCTION same(bool, bool) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2';
CREATE OPERATOR === (FUNCTION = same, LEFTARG = bool, RIGHTARG = bool);
CREATE TEXT SEARCH DICTIONARY plain (TEMPLATE = simple);
CREATE TEXT SEARCH CONFIGURATION own (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION own ALTER MAPPING FOR word WITH plain;
CREATE TABLE post (title word, at pair, done bool);
CREATE INDEX ON post USING gin (to_tsvector('own', title));
CREATE STATISTICS both_of ON title, done FROM post;
CREATE VIEW v AS SELECT title, done === true AS done, at::int FROM post;
"""
KINDS = {
    "cast (pair AS bigint)",
    "cast (pair AS integer)",
    "collation letters",
    "composite type pair",
    "conversion recoded",
    "function first(pair)",
    "function same(boolean,boolean)",
    "operator ===(boolean,boolean)",
    "statistics object both_of",
    "text search configuration own",
    "text search dictionary plain",
    "type word",
    "view v",
}


def test_all_kinds_of_objects_are_seen_and_dropped(server) -> None:
    with scratch(server.migration_url) as connection, connection.cursor() as cursor:
        cursor.execute(OTHERS)
        found = objects.read(connection)
        assert {*map(str, found)} == KINDS
        removal.drop(connection, catalog.read(connection), found, lambda: None)
        assert catalog.read(connection).tables == ()
        assert objects.read(connection) == ()
