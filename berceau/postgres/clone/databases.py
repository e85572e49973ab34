"""Databases made for tests: templates of them, and copies of those."""

import time
from contextlib import suppress

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from berceau.errors import PermissionMissingError

BUSY_SECONDS = 30.0

_MAY_CREATE = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"

# A database made of template0 sorts and folds like the present one.
_LOCALE = """
SELECT pg_encoding_to_char(encoding), datcollate, datctype,
       CASE datlocprovider WHEN 'i' THEN 'ICU_LOCALE' WHEN 'b' THEN 'BUILTIN_LOCALE' END,
       CASE datlocprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END,
       coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale')
FROM pg_database d WHERE datname = current_database()
"""

_EXTENSIONS = """
SELECT extname, extversion, nspname
FROM pg_extension e JOIN pg_namespace n ON n.oid = extnamespace
WHERE extname <> 'plpgsql' ORDER BY e.oid
"""

# What new objects of the role get, whatever their schema. Its own rights on them need no words.
_DEFAULT_GRANTS = """
SELECT string_agg(format('ALTER DEFAULT PRIVILEGES REVOKE ALL ON %1$s FROM PUBLIC', kind)
                  || coalesce(';' || grants, ''), ';')
FROM (
    SELECT kind, string_agg(format(
        'ALTER DEFAULT PRIVILEGES GRANT %s ON %s TO %s%s', privilege_type, kind,
        CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END,
        CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END), ';')
        FILTER (WHERE grantee <> defaclrole)
    FROM pg_default_acl
    CROSS JOIN LATERAL (VALUES (CASE defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES'
                                WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES'
                                WHEN 'n' THEN 'SCHEMAS' END)) kinds (kind),
    aclexplode(defaclacl)
    WHERE defaclnamespace = 0 AND defaclrole = (SELECT oid FROM pg_roles
                                                WHERE rolname = current_user)
      AND kind IS NOT NULL
    GROUP BY kind
) kinds (kind, grants)
"""


def may_create(connection: Connection) -> bool:
    """Say whether the connection's role may create databases."""
    with connection.cursor() as cursor:
        cursor.execute(_MAY_CREATE)
        return bool(cursor.fetchall()[0][0])


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
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("COMMENT ON DATABASE {} IS {}").format(
                sql.Identifier(name), sql.Literal(comment)
            )
        )


def databases_like(connection: Connection, prefix: str) -> tuple[str, ...]:
    """Return the names of the role's own databases that begin with ``prefix``, sorted."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT datname FROM pg_database
            WHERE starts_with(datname, %s) AND pg_has_role(datdba, 'USAGE') ORDER BY datname
            """,
            (prefix,),
        )
        return tuple(row[0] for row in cursor.fetchall())


def drop_database(connection: Connection, name: str) -> None:
    """Drop the database ``name``, if it exists, and end what is connected to it."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )


def create_empty(connection: Connection, name: str) -> None:
    """Create the database ``name``, empty and like the present one in encoding and locale."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCALE)
        encoding, collate, ctype, option, provider, locale = cursor.fetchall()[0]
        text = sql.SQL(
            "CREATE DATABASE {} TEMPLATE template0 ENCODING {} LC_COLLATE {} LC_CTYPE {}"
            " LOCALE_PROVIDER {}"
        ).format(sql.Identifier(name), *map(sql.Literal, (encoding, collate, ctype, provider)))
        if option is not None:
            text += sql.SQL(f" {option} {{}}").format(sql.Literal(locale))
        cursor.execute(text)


def create_copy(connection: Connection, name: str, template: str, runtime: str) -> bool:
    """Create the database ``name`` from ``template``; say whether there was such a template.

    The role ``runtime`` may connect to it, and nobody else but the owner.
    """
    new = sql.Identifier(name)
    deadline = time.monotonic() + BUSY_SECONDS
    with connection.cursor() as cursor:
        while True:
            try:
                cursor.execute(
                    sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(new, sql.Identifier(template))
                )
                break
            except psycopg2.errors.InvalidCatalogName:
                return False
            except psycopg2.errors.ObjectInUse:  # by autovacuum, or whoever is curious
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        cursor.execute(
            sql.SQL(
                "REVOKE ALL ON DATABASE {0} FROM PUBLIC; GRANT CONNECT ON DATABASE {0} TO {1}"
            ).format(new, sql.Identifier(runtime))
        )
    return True


def close_to_others(connection: Connection, name: str) -> None:
    """Let nobody connect to the database ``name``: a template in use can't be copied."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false").format(sql.Identifier(name))
        )


def copy_extensions(source: Connection, target: Connection) -> None:
    """Install in the database of ``target`` the extensions of that of ``source``.

    Raises ``PermissionMissingError``.
    """
    with source.cursor() as reader, target.cursor() as cursor:
        reader.execute(_EXTENSIONS)
        for name, version, schema in reader.fetchall():
            place = sql.Identifier(schema)
            with suppress(psycopg2.errors.DuplicateSchema):
                cursor.execute(sql.SQL("CREATE SCHEMA {}").format(place))
            try:
                cursor.execute(
                    sql.SQL("CREATE EXTENSION IF NOT EXISTS {} SCHEMA {} VERSION {}").format(
                        sql.Identifier(name), place, sql.Literal(version)
                    )
                )
            except psycopg2.errors.InsufficientPrivilege:
                raise PermissionMissingError(
                    f"The role {target.info.user!r} can't install the extension {name} in a "
                    "database for tests.",
                    cure="Let tests use schemas: set berceau_isolation to schema.",
                ) from None


def copy_default_grants(source: Connection, target: Connection) -> None:
    """Let new objects of the role get in ``target``'s database what they get in ``source``'s."""
    with source.cursor() as reader, target.cursor() as cursor:
        reader.execute(_DEFAULT_GRANTS)
        ((text,),) = reader.fetchall()
        if text is not None:
            cursor.execute(text)
