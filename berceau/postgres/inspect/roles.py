"""Two roles with least privilege: an owner for migrations, and one with data rights only."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import encrypt_password

from berceau.errors import (
    ConnectionFailedError,
    DatabaseError,
    PermissionMissingError,
    UrlError,
)
from berceau.postgres.citus.nodes import has_citus, require_servers, run_on_workers
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.core.fetch import execute, fetch, fetch_value
from berceau.postgres.core.own_tables import LEDGER
from berceau.postgres.core.url import Url

EXPLICIT_MEMBERSHIP = 160000  # since PostgreSQL 16, creating a role doesn't let one act as it

DATA_RIGHTS = """
    GRANT USAGE ON SCHEMA {schema} TO {runtime};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {runtime};
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {runtime};
"""

# As the owner's member. Default privileges without IN SCHEMA hold for every schema of the owner's,
# those of tests included.
RIGHTS = """
    REVOKE ALL ON DATABASE {database} FROM PUBLIC, {runtime};
    GRANT CONNECT, CREATE, TEMPORARY ON DATABASE {database} TO {owner};
    GRANT CONNECT ON DATABASE {database} TO {runtime};
    CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {owner};
    ALTER SCHEMA {schema} OWNER TO {owner};
    REVOKE ALL ON SCHEMA {schema} FROM PUBLIC, {runtime};
    REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {runtime};
    ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT USAGE ON SCHEMAS TO {runtime};
    ALTER DEFAULT PRIVILEGES FOR ROLE {owner}
        GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {runtime};
    ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT USAGE, SELECT ON SEQUENCES TO {runtime};
"""
# The grants above are for the application's tables: only migrations may write what was migrated.
PROTECT_LEDGER = "REVOKE INSERT, UPDATE, DELETE ON {schema}.{ledger} FROM {runtime}"

# Large objects belong to no schema, and whoever makes them fills the disk. Only a superuser can
# forbid it.
LARGE_OBJECTS = """
    REVOKE EXECUTE ON FUNCTION
        pg_catalog.lo_creat(integer), pg_catalog.lo_create(oid),
        pg_catalog.lo_from_bytea(oid, bytea) FROM PUBLIC, {runtime};
    GRANT EXECUTE ON FUNCTION
        pg_catalog.lo_creat(integer), pg_catalog.lo_create(oid),
        pg_catalog.lo_from_bytea(oid, bytea) TO {owner};
"""

CAN_CHANGE_SCHEMA = """
    SELECT current_user,
           rolsuper
           OR EXISTS (SELECT FROM pg_namespace n WHERE n.nspname = %(schema)s AND (
                  has_schema_privilege(n.oid, 'CREATE') OR pg_has_role(n.nspowner, 'USAGE')))
           OR EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                      WHERE n.nspname = %(schema)s AND pg_has_role(c.relowner, 'USAGE'))
    FROM pg_roles WHERE rolname = current_user
"""
# What a role that may not do that may make elsewhere.
CAN_MAKE = """
    SELECT 'large objects' WHERE EXISTS (
        SELECT FROM pg_proc
        WHERE pronamespace = 'pg_catalog'::regnamespace
        AND proname IN ('lo_creat', 'lo_create', 'lo_from_bytea', 'lo_import')
        AND has_function_privilege(oid, 'EXECUTE'))
    UNION ALL
    SELECT kind FROM (VALUES ('TEMPORARY', 'temporary tables'), ('CREATE', 'schemas')) v (r, kind)
    WHERE has_database_privilege(current_database(), r)
    UNION ALL
    SELECT 'objects in schema ' || nspname FROM pg_namespace
    WHERE left(nspname, 3) <> 'pg_' AND nspname <> %(schema)s
    AND has_schema_privilege(oid, 'CREATE')
"""


MAY_USE = """
    {};SELECT has_schema_privilege(to_regrole(quote_ident(nullif(%(role)s, ''))),
                                to_regnamespace(quote_ident(%(schema)s)), 'USAGE')
"""


@dataclass(frozen=True)
class RoleReport:
    """A role, a schema, and whether the role can create, alter or drop anything there.

    One that can't may still make what ``can_make`` lists, which is in no table of the schema.
    """

    role: str
    schema: str
    can_change_schema: bool
    can_make: tuple[str, ...] = ()


def describe_role(connection: Connection, schema: str) -> RoleReport:
    """Return what the connection's role can do to ``schema``, which needn't exist."""
    with connection.cursor() as cursor:
        cursor.execute(CAN_CHANGE_SCHEMA, {"schema": schema})
        role, can_change_schema = cursor.fetchone() or ("", False)
        if can_change_schema:
            return RoleReport(role, schema, can_change_schema)
        cursor.execute(CAN_MAKE, {"schema": schema})
        return RoleReport(
            role, schema, can_change_schema, tuple(kind for (kind,) in cursor.fetchall())
        )


def grant_usage(connection: Connection, schema: str, runtime: str, script: sql.Composable) -> None:
    """Let the role ``runtime``, where there is one, use the schema ``schema``.

    What it may do with tables there, default privileges say. The ``script`` is run before, in the
    same call as what is asked.
    """
    asked = sql.SQL(MAY_USE).format(script)
    if fetch_value(connection, asked, {"role": runtime, "schema": schema}) is False:
        names = (sql.Identifier(schema), sql.Identifier(runtime))
        execute(connection, sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(*names))


def provision(admin: Url, owner: Url, runtime: Url) -> None:
    """Make the database, the schema and the roles of both URLs, as far as they're missing.

    ``admin`` is a superuser, or a role that may create roles and databases. The passwords and
    rights of roles that exist are set; running it again changes nothing. Only a superuser can keep
    the runtime role from making large objects. Raises ``UrlError``
    where the URLs contradict each other, ``ConnectionFailedError``, ``PermissionMissingError``.
    """
    _check(admin, owner, runtime)
    try:
        with connect(_where_roles_are_made(admin, owner), autocommit=True) as connection:
            require_servers(connection)
            # An owner may have been given leave, for tests that have databases of their own.
            _make_role(connection, owner, may_create_databases=True)
            _make_role(connection, runtime, may_create_databases=False)
            with _member_of(connection, owner.user):
                _make_database(connection, owner)
                _grant(admin, owner, runtime)
    except psycopg2.Error as error:
        lacks_right = isinstance(error, psycopg2.errors.InsufficientPrivilege)
        kind = PermissionMissingError if lacks_right else DatabaseError
        raise kind(
            f"Role {admin.user!r} can't provision database {owner.database!r}: "
            f"{' '.join((error.diag.message_primary or str(error)).split())}.",
            cure="Use the admin URL of a superuser, or of a role with CREATEROLE and CREATEDB that "
            "owns what exists already."
            if lacks_right
            else "Correct the cause that the server names, and run it again.",
        ) from None


def _where_roles_are_made(admin: Url, owner: Url) -> Url:
    """Return the URL of the database in which roles are made: ``admin``'s, but for Citus.

    Citus makes them on its other servers, too, where it is told in the database that has it.
    """
    own = replace(admin, database=owner.database)
    try:
        with connect(own) as connection:
            return own if has_citus(connection) else admin
    except (ConnectionFailedError, PermissionMissingError):  # it isn't there yet, or isn't theirs
        return admin


def _check(admin: Url, owner: Url, runtime: Url) -> None:
    if not (owner.user and runtime.user):
        raise UrlError("A database URL names no role.", cure="Add one: postgresql://role@host/...")
    if len({admin.user, owner.user, runtime.user}) < 3:
        raise UrlError(
            f"The admin, the owner ({owner.user!r}) and the runtime role ({runtime.user!r}) must "
            "be three roles.",
            cure="Name one role in DATABASE_URL and another in MIGRATION_DATABASE_URL.",
        )
    if (owner.database, owner.schema) != (runtime.database, runtime.schema):
        raise UrlError(
            "DATABASE_URL and MIGRATION_DATABASE_URL name different databases or schemas.",
            cure="Only the role and its password differ between them.",
        )


def _make_role(connection: Connection, url: Url, *, may_create_databases: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper OR rolcreaterole OR (rolcreatedb AND NOT %s) FROM pg_roles"
            " WHERE rolname = %s",
            (may_create_databases, url.user),
        )
        found = cursor.fetchone()
        if found and found[0]:
            raise PermissionMissingError(
                f"Role {url.user!r} exists and has more rights than it should: it is a superuser, "
                "or may create roles or databases.",
                cure="Name another role in the URL; it is made if it doesn't exist.",
            )
        if not found:
            cursor.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(url.user)))
        if url.password:
            cursor.execute(_password(connection, url))


def _password(connection: Connection, url: Url) -> sql.Composable:
    # Hashed here, so that the server's log can't hold the password.
    hashed = encrypt_password(url.password, url.user, connection, "scram-sha-256")
    return sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(
        sql.Identifier(url.user), sql.Literal(hashed)
    )


@contextmanager
def _member_of(connection: Connection, role: str) -> Iterator[None]:
    """Let the admin act as ``role`` for a while: without that it can't give it a database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_has_role(%s, 'USAGE')", (role,))
        if (cursor.fetchone() or (False,))[0]:
            yield
            return
        explicit = connection.server_version >= EXPLICIT_MEMBERSHIP
        name = sql.Identifier(role)
        grant = "GRANT {} TO CURRENT_USER" + (" WITH INHERIT TRUE, SET TRUE" if explicit else "")
        revoke = "REVOKE {} FROM CURRENT_USER" + (" GRANTED BY CURRENT_USER" if explicit else "")
        cursor.execute(sql.SQL(grant).format(name))
        try:
            yield
        finally:
            cursor.execute(sql.SQL(revoke).format(name))


def _make_database(connection: Connection, owner: Url) -> None:
    known = "SELECT FROM pg_database WHERE datname = %s"
    if not fetch(connection, known, (owner.database,)):
        text = sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0")
        names = map(sql.Identifier, (owner.database, owner.user))
        execute(connection, text.format(*names))


def _grant(admin: Url, owner: Url, runtime: Url) -> None:
    names = {
        "database": owner.database,
        "schema": owner.schema,
        "owner": owner.user,
        "runtime": runtime.user,
        "ledger": LEDGER,
    }
    identifiers = {key: sql.Identifier(name) for key, name in names.items()}
    with (
        connect(replace(admin, database=owner.database)) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        is_superuser = (cursor.fetchone() or (False,))[0]
        rights = RIGHTS + DATA_RIGHTS + (LARGE_OBJECTS if is_superuser else "")
        cursor.execute(sql.SQL(rights).format(**identifiers))
        cursor.execute(
            "SELECT FROM pg_tables WHERE (schemaname, tablename) = (%s, %s)", (owner.schema, LEDGER)
        )
        if cursor.rowcount:
            cursor.execute(sql.SQL(PROTECT_LEDGER).format(**identifiers))
        # What isn't committed here locks the same objects there.
        connection.commit()
        if has_citus(connection):
            roles = (_role_elsewhere(connection, url) for url in (owner, runtime))
            run_on_workers(connection, *roles, sql.SQL(rights).format(**identifiers))


def _role_elsewhere(connection: Connection, url: Url) -> sql.Composable:
    """Return SQL that makes the role of ``url`` on a server that Citus was given later."""
    name = sql.Identifier(url.user)
    make = sql.SQL(
        "DO $make$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {}) "
        "THEN CREATE ROLE {} LOGIN; END IF; END $make$"
    ).format(sql.Literal(url.user), name)
    return make + sql.SQL("; ") + _password(connection, url) if url.password else make
