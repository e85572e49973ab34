"""Databases made for tests: templates of them, and copies of those."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor

from berceau.errors import DatabaseError
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute, fetch, fetch_value

BUSY_SECONDS = 15.0

_MAY_CREATE = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"

# A database made of template0 sorts and folds like the present one.
_LOCALE = """
SELECT pg_encoding_to_char(encoding), datcollate, datctype,
       CASE datlocprovider WHEN 'i' THEN 'ICU_LOCALE' WHEN 'b' THEN 'BUILTIN_LOCALE' END,
       CASE datlocprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END,
       coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'),
       to_jsonb(d) ->> 'daticurules'
FROM pg_database d WHERE datname = current_database()
"""


def may_create(connection: Connection) -> bool:
    """Return whether the connection's role may create databases."""
    return bool(fetch_value(connection, _MAY_CREATE))


def database_comment(connection: Connection, name: str) -> str | None:
    """Return the comment of the database ``name``; None where it has none, or doesn't exist."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
            (name,),
        )
        row = cursor.fetchone()
    return None if row is None else row[0]


def comment_database(connection: Connection, name: str, comment: str | None) -> None:
    """Set the comment of the database ``name``, or remove it."""
    execute(
        connection,
        sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(comment)),
    )


def databases_like(connection: Connection, prefix: str) -> tuple[str, ...]:
    """Return the names of the role's own databases that begin with ``prefix``, sorted."""
    return tuple(
        row[0]
        for row in fetch(
            connection,
            """
            SELECT datname FROM pg_database
            WHERE starts_with(datname, %s) AND pg_has_role(datdba, 'USAGE') ORDER BY datname
            """,
            (prefix,),
        )
    )


def databases(connection: Connection) -> tuple[str, ...]:
    """Return the names of all databases of the server."""
    return tuple(
        row[0] for row in fetch(connection, "SELECT datname FROM pg_database ORDER BY datname")
    )


def drop_database(connection: Connection, name: str) -> None:
    """Drop the database ``name``, if it exists, and end what is connected to it.

    Raises ``DatabaseError``, as all do that make or drop one.
    """
    text = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    deadline = time.monotonic() + BUSY_SECONDS
    with _explained(name), connection.cursor() as cursor:
        while True:
            try:
                cursor.execute(text)
                return
            except (psycopg2.errors.InsufficientPrivilege, psycopg2.errors.ObjectInUse):
                # Sessions of other roles aren't its to end. Those of tests end soon by themselves.
                if time.monotonic() > deadline or not _is_in_use(cursor, name):
                    raise
                time.sleep(0.1)


def _is_in_use(cursor: Cursor, name: str) -> bool:
    cursor.execute("SELECT FROM pg_stat_activity WHERE datname = %s", (name,))
    return cursor.rowcount > 0


def create_empty(connection: Connection, name: str) -> None:
    """Create the database ``name``, empty and like the present one in encoding and locale."""
    with _explained(name), connection.cursor() as cursor:
        cursor.execute(_LOCALE)
        encoding, collate, ctype, option, provider, locale, rules = cursor.fetchall()[0]
        text = sql.SQL(
            "CREATE DATABASE {} TEMPLATE template0 ENCODING {} LC_COLLATE {} LC_CTYPE {}"
            " LOCALE_PROVIDER {}"
        ).format(sql.Identifier(name), *map(sql.Literal, (encoding, collate, ctype, provider)))
        if option is not None:
            text += sql.SQL(f" {option} {{}}").format(sql.Literal(locale))
        if rules is not None:
            text += sql.SQL(" ICU_RULES {}").format(sql.Literal(rules))
        cursor.execute(text)


def create_copy(connection: Connection, name: str, template: str) -> bool:
    """Create the database ``name`` from ``template``; return whether there was such a template."""
    new = sql.Identifier(name)
    deadline = time.monotonic() + BUSY_SECONDS
    with _explained(name), connection.cursor() as cursor:
        while True:
            try:
                cursor.execute(
                    sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(new, sql.Identifier(template))
                )
                return True
            except psycopg2.errors.InvalidCatalogName:
                return False
            except psycopg2.errors.ObjectInUse:  # by autovacuum, or whoever is curious
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)


def close_to_others(connection: Connection, name: str) -> None:
    """Forbid connections to the database ``name``: a template in use can't be copied."""
    execute(
        connection,
        sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false").format(sql.Identifier(name)),
    )


@contextmanager
def _explained(name: str) -> Iterator[None]:
    try:
        yield
    except psycopg2.Error as error:
        says = error.diag.message_primary or str(error).strip()
        detail = f" {error.diag.message_detail}" if error.diag.message_detail else ""
        raise DatabaseError(
            f"The database {name!r}, for tests, can't be made or dropped. PostgreSQL says: "
            f"{says}.{detail}",
            cure="Correct the cause that it names. Or let tests have schemas: set "
            "berceau_isolation to schema.",
        ) from error
