"""What a database has around its schemas: read from one, and made in another."""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor

from berceau.errors import DatabaseError, PermissionMissingError
from berceau.postgres.clone.catalog_rights import CATALOG_RIGHTS, HOLDER_RIGHTS
from berceau.postgres.clone.session import PLAIN_SESSION
from berceau.postgres.core.connection import Connection, transaction
from berceau.postgres.core.fetch import execute, fetch
from berceau.postgres.inspect.extensions import COUNTING, COUNTING_SCHEMA
from berceau.postgres.inspect.schemas import create_schema, drop_schema, schema_exists

# What counts the project's queries can be spared, unless something in it names or needs that.
# A rule is no member of an extension: its view is.
_EXTENSIONS = f"""
WITH member AS (SELECT refobjid AS extension, classid, objid FROM pg_depend
                WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e')
SELECT nspname, format('CREATE EXTENSION IF NOT EXISTS %I SCHEMA %I VERSION %L', extname, nspname,
                       extversion),
    (extname, nspname) = ('{COUNTING}', '{COUNTING_SCHEMA}')
    AND NOT EXISTS (SELECT FROM pg_proc WHERE pronamespace <> n.oid
                    AND strpos(concat_ws(' ', prosrc, proconfig::text), nspname) > 0)
    AND NOT EXISTS (SELECT FROM member m
                    JOIN pg_depend d ON (refclassid, refobjid) = (m.classid, m.objid)
                    LEFT JOIN pg_rewrite r ON (d.classid, d.objid) = ('pg_rewrite'::regclass, r.oid)
                    WHERE extension = e.oid AND deptype IN ('n', 'a')
                      AND coalesce(ev_class, d.objid) NOT IN (
                          SELECT objid FROM member WHERE extension = e.oid))
FROM pg_extension e JOIN pg_namespace n ON n.oid = extnamespace
WHERE extname <> 'plpgsql' ORDER BY e.oid
"""

# What new objects of the role get, whatever their schema. Its own rights on them need no words.
_DEFAULT_GRANTS = """
SELECT format('ALTER DEFAULT PRIVILEGES REVOKE ALL ON %1$s FROM PUBLIC', kind)
       || coalesce(';' || grants, '')
FROM (
    SELECT kind, string_agg(format(
        'ALTER DEFAULT PRIVILEGES GRANT %s ON %s TO %s%s', privilege_type, kind,
        CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END,
        CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END), ';')
        FILTER (WHERE grantee <> defaclrole)
    FROM pg_default_acl
    CROSS JOIN LATERAL (VALUES (CASE defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES'
                                WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES'
                                WHEN 'n' THEN 'SCHEMAS' WHEN 'L' THEN 'LARGE OBJECTS' END))
               kinds (kind),
    aclexplode(defaclacl)
    WHERE defaclnamespace = 0 AND defaclrole = (SELECT oid FROM pg_roles
                                                WHERE rolname = current_user)
      AND kind IS NOT NULL
    GROUP BY kind
) kinds (kind, grants)
ORDER BY kind
"""

# A server comes without its users' passwords: what a test does never reaches another database.
_SERVERS = """
SELECT format('CREATE SERVER %I%s%s FOREIGN DATA WRAPPER %I%s', srvname, ' TYPE ' ||
              quote_literal(srvtype), ' VERSION ' || quote_literal(srvversion), fdwname,
              (SELECT format(' OPTIONS (%s)', string_agg(
                   format('%I %L', option_name, option_value), ', '))
               FROM pg_options_to_table(srvoptions)))
       || coalesce((SELECT string_agg(format(';GRANT USAGE ON FOREIGN SERVER %I TO %s', srvname,
                               CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END),
                               '' ORDER BY grantee)
                    FROM aclexplode(srvacl) WHERE grantee <> srvowner), '')
FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = srvfdw ORDER BY s.oid
"""

_PUBLICATIONS = """
SELECT format('CREATE PUBLICATION %%I%%s WITH (publish = %%L, publish_via_partition_root = %%s%%s)',
    pubname, CASE WHEN puballtables THEN ' FOR ALL TABLES'
                  ELSE ' FOR ' || nullif(concat_ws(', ', tables, schemas), '') END,
    concat_ws(', ', CASE WHEN pubinsert THEN 'insert' END, CASE WHEN pubupdate THEN 'update' END,
              CASE WHEN pubdelete THEN 'delete' END, CASE WHEN pubtruncate THEN 'truncate' END),
    pubviaroot::text,
    CASE to_jsonb(p) ->> 'pubgencols' WHEN 's' THEN ', publish_generated_columns = stored' END)
FROM pg_publication p
CROSS JOIN LATERAL (
    SELECT string_agg(format('TABLE %%s%%s%%s', prrelid::regclass,
        (SELECT format(' (%%s)', string_agg(quote_ident(attname), ', ' ORDER BY attnum))
         FROM pg_attribute WHERE attrelid = prrelid AND attnum = ANY (prattrs)),
        ' WHERE ' || pg_get_expr(prqual, prrelid)), ', ' ORDER BY prrelid)
    FROM pg_publication_rel JOIN pg_class c ON c.oid = prrelid
    WHERE prpubid = p.oid AND relnamespace = ANY (%(schemas)s::text[]::regnamespace[])
) t (tables)
CROSS JOIN LATERAL (
    SELECT string_agg(format('TABLES IN SCHEMA %%I', nspname), ', ' ORDER BY nspname)
    FROM pg_publication_namespace JOIN pg_namespace n ON n.oid = pnnspid
    WHERE pnpubid = p.oid AND n.oid = ANY (%(schemas)s::text[]::regnamespace[])
) n (schemas)
ORDER BY p.oid
"""

_EVENT_TRIGGERS = """
SELECT format('CREATE EVENT TRIGGER %%I ON %%s%%s EXECUTE FUNCTION %%s()', evtname, evtevent,
              (SELECT format(' WHEN TAG IN (%%s)', string_agg(quote_literal(tag), ', '))
               FROM unnest(evttags) tag), evtfoid::regproc)
       || CASE evtenabled WHEN 'O' THEN ''
               ELSE format(';ALTER EVENT TRIGGER %%I %%s', evtname,
                           CASE evtenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA'
                                           ELSE 'ENABLE ALWAYS' END) END
FROM pg_event_trigger t JOIN pg_proc f ON f.oid = evtfoid
WHERE pronamespace = ANY (%(schemas)s::text[]::regnamespace[]) AND NOT EXISTS (
    SELECT FROM pg_depend WHERE classid = 'pg_event_trigger'::regclass AND objid = t.oid
                            AND deptype = 'e')
ORDER BY t.oid
"""

# What is set for a database, or for a role there. What only a superuser may set changes no result.
_SETTING = """
WITH setting AS (
    SELECT setdatabase, setrole, split_part(item, '=', 1) AS key,
           substr(item, strpos(item, '=') + 1) AS value
    FROM pg_db_role_setting CROSS JOIN LATERAL unnest(setconfig) item
    LEFT JOIN pg_settings ON name = split_part(item, '=', 1)
    WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
      AND coalesce(context, 'user') = 'user'
)
"""

# No new database has these, whatever it is made from. Lists stand in the catalog as in SQL.
NAME = "berceau_name_of_the_database"
_DATABASE = f"""
{_SETTING}
SELECT 'REVOKE ALL ON DATABASE {NAME} FROM PUBLIC'
UNION ALL
SELECT * FROM (
    SELECT format('GRANT %s ON DATABASE {NAME} TO %s%s',
                  string_agg(privilege_type, ', ' ORDER BY privilege_type),
                  CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END,
                  CASE WHEN is_grantable THEN ' WITH GRANT OPTION' END)
    FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba)))
    WHERE datname = current_database() AND grantee <> current_user::regrole
    GROUP BY grantee, is_grantable ORDER BY grantee, is_grantable) grants
UNION ALL
SELECT * FROM (
    SELECT format('ALTER DATABASE {NAME} SET %s TO %s', key, CASE
        WHEN key NOT IN ('search_path', 'temp_tablespaces', 'local_preload_libraries',
                         'session_preload_libraries') THEN quote_literal(value)
        WHEN value IN ('', '""') THEN '''''' ELSE value END)
    FROM setting WHERE setdatabase <> 0 AND setrole = 0 ORDER BY key) settings
"""

Admin = Callable[[], Connection | None]


@dataclass(frozen=True)
class Surroundings:
    """What a database has around its schemas, as statements.

    ``extensions`` are triples: a schema, the statement that installs one there, and whether a copy
    can do without it. What comes
    ``after`` needs the schemas. ``rights`` are those on what every database has, and on schemas of
    extensions. ``database`` is about the database itself, called ``NAME``.
    """

    extensions: tuple[tuple[str, str, bool], ...]
    has_public: bool
    grants: tuple[str, ...]
    servers: tuple[str, ...]
    after: tuple[str, ...]
    rights: tuple[str, ...]
    database: tuple[str, ...]

    def texts(self) -> tuple[str, ...]:
        """Return all of it, to tell whether it is as it was."""
        extensions = (f"{text} {schema} {spare}" for schema, text, spare in self.extensions)
        public = str(self.has_public)
        others = (self.grants, self.servers, self.after, self.rights, self.database)
        return (*extensions, public, *chain.from_iterable(others))


def read_surroundings(connection: Connection, schemas: Sequence[str]) -> Surroundings:
    """Return what the database of ``connection``, in autocommit mode, has around ``schemas``."""
    with transaction(connection), connection.cursor() as cursor:
        cursor.execute(PLAIN_SESSION)  # names say their schema
        names = [sql.Identifier(name).as_string(cursor) for name in schemas]
        cursor.execute(_EXTENSIONS)
        extensions = tuple(cursor.fetchall())
        holders = {schema for schema, *_ in extensions} - set(schemas)
        return Surroundings(
            extensions,
            schema_exists(connection, "public"),
            _texts(cursor, _DEFAULT_GRANTS),
            _texts(cursor, _SERVERS),
            _texts(cursor, _PUBLICATIONS, names) + _texts(cursor, _EVENT_TRIGGERS, names),
            _texts(cursor, CATALOG_RIGHTS, names) + _texts(cursor, HOLDER_RIGHTS, holders),
            _texts(cursor, _DATABASE),
        )


def make_before(
    target: Connection, surroundings: Surroundings, schemas: Sequence[str], admin: Admin
) -> None:
    """Make in the new database of ``target`` the empty ``schemas``, and what they may need.

    ``admin`` gives the connection of a superuser there, if one can be had. Raises
    ``PermissionMissingError``.
    """
    if "public" in schemas or not surroundings.has_public:
        _require(target, "DROP SCHEMA public", admin)  # another one owns it
    for text in surroundings.grants:
        _require(target, text, admin)
    for schema in schemas:
        create_schema(target, schema)
    for schema, text, spare in surroundings.extensions:
        if not schema_exists(target, schema):
            create_schema(target, schema)
        if not spare:
            _require(target, text, admin)
        elif not _made(target, text, admin):
            drop_schema(target, schema)
    for text in surroundings.servers:
        _require(target, text, admin)


def make_after(target: Connection, surroundings: Surroundings, admin: Admin) -> None:
    """Make in the database of ``target`` what needs its schemas, as far as the role may."""
    for text in surroundings.after:
        _made(target, text, admin)
    # To whom doesn't own it, PostgreSQL may only give a warning.
    with ((admin() if surroundings.rights else None) or target).cursor() as cursor:
        for text in surroundings.rights:  # a schema isn't there if its extension was spared
            with suppress(psycopg2.errors.InsufficientPrivilege, psycopg2.errors.InvalidSchemaName):
                cursor.execute(text)


def set_up_database(connection: Connection, name: str, surroundings: Surroundings) -> None:
    """Give the database ``name`` the rights and settings of the one that it is a copy of.

    Some settings only a superuser may give to a database: ``role_settings`` has these, too.
    """
    with connection.cursor() as cursor:
        for text in surroundings.database:
            with suppress(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(text.replace(NAME, sql.Identifier(name).as_string(cursor)))


def role_settings(connection: Connection, role: str) -> dict[str, str]:
    """Return what is set for sessions of ``role`` in the present database."""
    return dict(
        fetch(
            connection,
            _SETTING + "SELECT key, value FROM setting LEFT JOIN pg_roles r ON r.oid = setrole"
            " WHERE rolname = %s OR setrole = 0 AND setdatabase <> 0"
            " ORDER BY setrole <> 0, setdatabase <> 0",
            (role,),
        )
    )


def _texts(cursor: Cursor, query: str, schemas: Collection[str] | None = None) -> tuple[str, ...]:
    cursor.execute(query, None if schemas is None else {"schemas": list(schemas)})
    return tuple(text for (text,) in cursor.fetchall())


def _require(target: Connection, text: str, admin: Admin) -> None:
    if not _made(target, text, admin):
        raise PermissionMissingError(
            f"The role {target.info.user!r} has no permission to make a database for tests like "
            f"its source. This statement fails: {text}",
            cure="Let tests have schemas: set berceau_isolation to schema.",
        )


def _made(target: Connection, text: str, admin: Admin) -> bool:
    """Run ``text``, as ``admin`` where the role may not; return whether that was allowed."""
    try:
        execute(target, text)
        return True
    except psycopg2.errors.InsufficientPrivilege:
        other = admin()
    except psycopg2.Error as error:
        raise DatabaseError(
            "A database for tests can't be made like its source. PostgreSQL says: "
            f"{error.diag.message_primary or str(error).strip()}\n    {text}",
            cure="Correct the cause that it names. Or let tests have schemas: set "
            "berceau_isolation to schema.",
        ) from error
    if other is None:
        return False
    execute(other, text)
    return True
