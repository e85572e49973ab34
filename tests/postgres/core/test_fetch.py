"""Queries whose parts have a percent sign: a name's or a value's own isn't a parameter's."""

from psycopg2 import sql

from berceau.postgres.core.fetch import execute, fetch, fetch_value, filled

NAME = "50%s (%)"


def test_a_name_may_have_a_percent_sign(connection) -> None:
    name = sql.Identifier(NAME)
    execute(connection, sql.SQL("CREATE TABLE {0} ({0} text)").format(name), ())
    insert = sql.SQL("INSERT INTO {} VALUES (%s), ({})").format(name, sql.Literal("1%s"))
    assert execute(connection, insert, ("100%",)) == 2
    query = sql.SQL("SELECT {0} FROM {0} WHERE {0} LIKE '%%' || {1} AND {0} <> %(no)s").format(
        name, sql.Placeholder("end")
    )
    assert fetch(connection, query, {"end": "%", "no": "1%s"}) == [("100%",)]
    assert fetch(connection, query, {"end": "%s", "no": ""}) == [("1%s",)]


def test_a_query_without_values_is_run_as_it_is(connection) -> None:
    for values in (None, (), [], {}):
        query = sql.SQL("SELECT 'a' LIKE '%' AS {}").format(sql.Identifier(NAME))
        assert fetch_value(connection, query, values) is True


def test_queries_that_are_filled_run_together(connection) -> None:
    name = sql.Identifier(NAME)
    made = filled(connection, sql.SQL("CREATE TABLE {0} ({0} text)").format(name))
    insert = sql.SQL("INSERT INTO {} VALUES (%(value)s)").format(name)
    written = filled(connection, insert, {"value": "ä'%s"})
    read = filled(connection, sql.SQL("TABLE {}").format(name))
    assert fetch(connection, ";".join((made, written, read))) == [("ä'%s",)]
