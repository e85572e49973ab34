"""Schemas made, filled and dropped whole, in steps that stay within the server's lock table."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

import psycopg2
from psycopg2 import sql

from berceau.errors import PermissionMissingError, StatementError
from berceau.postgres.citus.nodes import KEEP_LOCAL, has_citus
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute, fetch, fetch_value
from berceau.postgres.core.locks import try_lock, unlock

if TYPE_CHECKING:  # what reads and copies schemas writes no SQL of changes
    from berceau.schema.sql import Statement

STEP = 100
"""Objects per transaction: each holds locks until its end (``max_locks_per_transaction``)."""
PAUSE_SECONDS = 0.05
_NOTHING = sql.SQL("")


def create_schema(connection: Connection, name: str) -> None:
    """Create the empty schema ``name``; the connection is in autocommit mode.

    Whatever is made there is on this server. Raises ``PermissionMissingError``.
    """
    try:
        create = sql.SQL(f"{KEEP_LOCAL}; CREATE SCHEMA {{}}").format(sql.Identifier(name))
        execute(connection, create)
    except psycopg2.errors.InsufficientPrivilege:
        info = connection.info
        raise PermissionMissingError(
            f"The role {info.user!r} can't create a schema in the database {info.dbname!r}.",
            cure="Set MIGRATION_DATABASE_URL to the owner; `invoke db.provision` gives it the "
            "right.",
        ) from None


def require_schema(connection: Connection, name: str, script: sql.Composable = _NOTHING) -> None:
    """Raise ``PermissionMissingError`` unless the role can create in the schema ``name``.

    The ``script`` is run before that is asked, in the same call.
    """
    query = "{};SELECT has_schema_privilege(to_regnamespace(quote_ident(%s)), 'CREATE')"
    may_create = fetch_value(connection, sql.SQL(query).format(script), (name,))
    if not may_create:
        problem = "can't find the" if may_create is None else "can't create anything in"
        raise PermissionMissingError(
            f"The role {connection.info.user!r} {problem} schema {name!r} of the database "
            f"{connection.info.dbname!r}.",
            cure="Set MIGRATION_DATABASE_URL to the schema's owner; `invoke db.provision` makes "
            "both.",
        )


def schema_exists(connection: Connection, name: str) -> bool:
    """Return whether the database has a schema ``name``."""
    return bool(fetch(connection, "SELECT FROM pg_namespace WHERE nspname = %s", (name,)))


def use_schema(connection: Connection, *names: str) -> None:
    """Make ``names``, mostly one, the schemas on the connection's search_path."""
    execute(connection, using(*names))


def using(*names: str) -> sql.Composed:
    """Return the SQL that does as ``use_schema``."""
    path = sql.SQL(", ").join(map(sql.Identifier, names))
    return sql.SQL("SET search_path = {}").format(path)


def execute_statements(connection: Connection, statements: Sequence["Statement"]) -> None:
    """Run ``statements`` in steps of one transaction each; the connection is in autocommit mode.

    Raises ``StatementError`` with what PostgreSQL refused.
    """
    # Citus refuses several at once where it turns one of the tables into one of its own.
    most = 1 if has_citus(connection) else STEP
    with connection.cursor() as cursor:
        for step in _steps(statements, most):
            try:
                cursor.execute("\n".join(step))
            except psycopg2.Error as error:
                message = error.diag.message_primary or str(error)
                position = int(error.diag.statement_position or 0)
                raise StatementError(
                    f"PostgreSQL says: {message}{_at(position, step)}",
                    reason=message,
                    sqlstate=error.pgcode,
                ) from error


def _steps(statements: Iterable["Statement"], most: int) -> Iterator[tuple[str, ...]]:
    for alone, run in groupby(statements, attrgetter("runs_alone")):
        texts = tuple(map(str, run))
        size = 1 if alone else most
        yield from (texts[start : start + size] for start in range(0, len(texts), size))


def _at(position: int, step: Sequence[str]) -> str:
    """Return where, in the statements of ``step``, the character number ``position`` is."""
    for statement in step if position else ():
        if position <= len(statement):
            first = statement.partition("\n")[0]
            line = statement[: position - 1].count("\n")
            return f"\n    {first}" + (f" {statement.splitlines()[line].strip()}" if line else "")
        position -= len(statement) + 1
    return ""


def in_steps(texts: Sequence[str], run: Callable[[Sequence[str]], None]) -> None:
    """Call ``run`` with steps of ``texts``, each a transaction, smaller while locks are scarce.

    The server's table of locks is everybody's, so how many fit depends on what others do.
    """
    waiting = [texts[start : start + STEP] for start in range(0, len(texts), STEP)][::-1]
    while waiting:
        step = waiting.pop()
        try:
            run(step)
        except psycopg2.errors.OutOfMemory:
            if len(step) == 1:
                raise
            time.sleep(PAUSE_SECONDS)
            half = len(step) // 2
            waiting += step[half:], step[:half]


# What a schema may hold thousands of. The newest go first: partitions are newer than their tables.
_CONTENTS = """
WITH schema AS (SELECT oid FROM pg_namespace WHERE nspname = %s)
SELECT kind, array_agg(name ORDER BY oid DESC) FROM (
    SELECT CASE relkind WHEN 'v' THEN '1 VIEW' WHEN 'm' THEN '2 MATERIALIZED VIEW'
                        WHEN 'f' THEN '3 FOREIGN TABLE' WHEN 'S' THEN '5 SEQUENCE'
                        ELSE '4 TABLE' END AS kind, oid, oid::regclass::text AS name
    FROM pg_class WHERE relkind IN ('v', 'm', 'f', 'S', 'r', 'p')
                    AND relnamespace = (SELECT oid FROM schema)
    UNION ALL
    SELECT '7 ROUTINE', oid, oid::regprocedure::text
    FROM pg_proc WHERE pronamespace = (SELECT oid FROM schema)
    UNION ALL
    SELECT '6 TYPE', oid, oid::regtype::text
    FROM pg_type WHERE typtype IN ('e', 'd', 'r') AND typnamespace = (SELECT oid FROM schema)
) contents
WHERE oid NOT IN (SELECT objid FROM pg_depend
                  WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e')
GROUP BY kind ORDER BY kind
"""


def drop_schema(connection: Connection, name: str) -> None:
    """Drop the schema ``name`` and all it holds, if it exists; in autocommit mode."""
    if not schema_exists(connection, name):
        return
    with connection.cursor() as cursor:
        cursor.execute("SHOW search_path")
        (path,) = cursor.fetchall()[0]
        # What went with something else is named. All names have a schema: another one may hold
        # what is called like something that went.
        cursor.execute("SET client_min_messages = error; SET search_path = ''")
        try:
            cursor.execute(_CONTENTS, (name,))
            # In parts, however few there are: PostgreSQL can't drop ltree before an index by it.
            for kind, names in cursor.fetchall():
                drop = f"DROP {kind[2:]} IF EXISTS {{}} CASCADE"
                in_steps(names, lambda step: cursor.execute(drop.format(", ".join(step))))  # noqa: B023 - called at once
            cursor.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(name)))
        finally:
            if not connection.closed:
                cursor.execute("RESET client_min_messages")
                cursor.execute("SELECT set_config('search_path', %s, false)", (path,))


def comment_schema(connection: Connection, name: str, comment: str | None) -> None:
    """Set the comment of the schema ``name``, or remove it."""
    execute(
        connection,
        sql.SQL("COMMENT ON SCHEMA {} IS {}").format(sql.Identifier(name), sql.Literal(comment)),
    )


def schema_comment(connection: Connection, name: str) -> str | None:
    """Return the comment of the schema ``name``; None where it has none, or doesn't exist."""
    query = "SELECT obj_description(to_regnamespace(quote_ident(%s)), 'pg_namespace')"
    comment: str | None = fetch_value(connection, query, (name,))
    return comment


def schemas_like(connection: Connection, prefix: str) -> tuple[str, ...]:
    """Return the names of the role's own schemas that begin with ``prefix``, sorted."""
    return tuple(
        row[0]
        for row in fetch(
            connection,
            """
            SELECT nspname FROM pg_namespace
            WHERE starts_with(nspname, %s) AND pg_has_role(nspowner, 'USAGE') ORDER BY nspname
            """,
            (prefix,),
        )
    )


def drop_abandoned(connection: Connection, names: Iterable[str]) -> None:
    """Drop those schemas among ``names`` whose lock is free: their makers are gone."""
    for name in names:
        if try_lock(connection, name):
            drop_schema(connection, name)
            unlock(connection, name)
