"""The table of the tenants, in the schema that all of them share.

The connection of each function is one to that schema.
"""

from collections.abc import Iterable
from dataclasses import replace

from psycopg2 import sql

from berceau.errors import TenantError, TenantUnknownError
from berceau.postgres.core.connection import Connection, transaction
from berceau.postgres.core.fetch import execute, fetch, fetch_value
from berceau.postgres.core.locks import lock_in_transaction
from berceau.postgres.core.own_tables import TENANTS
from berceau.postgres.core.protection import protect
from berceau.tenancy import STATES, State, Tenant

# Citus distributes no table whose CHECK has no name.
_CREATE = """
CREATE TABLE IF NOT EXISTS {table} (
    name text PRIMARY KEY,
    schema text NOT NULL UNIQUE,
    state text NOT NULL CONSTRAINT berceau_tenant_state CHECK (state IN ({states})),
    version text,
    created_at timestamptz NOT NULL DEFAULT now()
)
"""
# Without tables or views: a new session would read the catalog for each of them.
_FOUND = """
SELECT to_regclass(%(table)s) IS NOT NULL,
       has_table_privilege(to_regrole(quote_ident(nullif(%(role)s, ''))),
                           to_regclass(%(table)s), 'SELECT')
"""
_GRANT = "GRANT SELECT ON {table} TO {runtime}"
# Without its schema, names of a tenant's tables would mean what the shared one has.
_READ = """
SELECT name, schema, CASE WHEN state = 'ready' AND to_regnamespace(quote_ident(schema)) IS NULL
                          THEN 'missing' ELSE state END AS state, version, {since} AS since
FROM {table}
"""
_SINCE = sql.SQL("to_hex((extract(epoch FROM created_at) * 1000000)::bigint)")
# An application asks this every few seconds: of each version, one schema is looked for at least,
# and not those of all tenants.
_ONE_OF_EACH = """
SELECT tenants.* FROM (SELECT DISTINCT version FROM {table} WHERE state = 'ready') AS versions
CROSS JOIN LATERAL (SELECT * FROM ({all}) AS found
                    WHERE found.version IS NOT DISTINCT FROM versions.version
                      AND found.state = 'ready' LIMIT 1) AS tenants
"""
_LARGEST = """
SELECT tenants.* FROM ({all}) AS tenants
JOIN pg_namespace n ON n.nspname = tenants.schema
LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'm')
WHERE tenants.state = 'ready'
GROUP BY tenants.name, tenants.schema, tenants.state, tenants.version, tenants.since
ORDER BY coalesce(sum(pg_relation_size(c.oid)), 0) DESC, tenants.name LIMIT 1
"""
_OF_SCHEMA = "SELECT FROM {table} WHERE schema = %s"
_ADD = """
INSERT INTO {table} (name, schema, state, version)
SELECT %(name)s, %(schema)s, %(state)s, %(version)s
WHERE NOT %(new)s OR to_regnamespace(quote_ident(%(schema)s)) IS NULL
ON CONFLICT (name) DO NOTHING RETURNING {since}
"""
_SET_STATE = "UPDATE {table} SET state = %s WHERE name = %s"
_FINISH = "UPDATE {table} SET state = 'ready', version = %s WHERE name = %s"
_SET_VERSION = """
UPDATE {table} SET version = %s WHERE name = ANY(%s) AND version IS DISTINCT FROM %s
"""
_CORRECT_VERSION = """
UPDATE {table} AS now SET version = %s FROM unnest(%s, %s::text[]) AS read (name, version)
WHERE now.name = read.name AND now.version IS NOT DISTINCT FROM read.version
"""
_TOUCH = "UPDATE {table} SET version = version WHERE name = (SELECT min(name) FROM {table})"
_REMOVE = "DELETE FROM {table} WHERE name = %s"


def ensure(connection: Connection, runtime: str) -> None:
    """Create the table where it is missing; the role ``runtime``, where there is one, may read it.

    The connection is the owner's, in autocommit mode.
    """
    is_there, may_read = _found(connection, runtime)
    if is_there and may_read:
        return
    states = sql.SQL(", ").join(map(sql.Literal, STATES))
    # Of two that find no table, the second would fail: IF NOT EXISTS doesn't wait. Nor does GRANT.
    with transaction(connection):
        lock_in_transaction(connection, TENANTS)
        execute(connection, _sql(_CREATE, states=states))
        protect(connection, sql.Identifier(TENANTS))
        _, may_read = _found(connection, runtime)
        if not may_read:
            execute(connection, _sql(_GRANT, runtime=sql.Identifier(runtime)))


def read(connection: Connection) -> tuple[Tenant, ...]:
    """Return all tenants, by name; none where there is no registry yet."""
    if not _is_there(connection):
        return ()
    return tuple(Tenant(*row) for row in fetch(connection, _sql(_READ + " ORDER BY name")))


def find(connection: Connection, name: str) -> Tenant | None:
    """Return the tenant called ``name``; ``None`` where there is none, or no registry yet."""
    if not _is_there(connection):
        return None
    rows = fetch(connection, _sql(_READ + " WHERE name = %s"), (name,))
    return Tenant(*rows[0]) if rows else None


def find_all(connection: Connection, names: Iterable[str]) -> tuple[Tenant, ...]:
    """Return those of the tenants called ``names`` that are there."""
    rows = fetch(connection, _sql(_READ + " WHERE name = ANY (%s)"), ([*names],))
    return tuple(Tenant(*row) for row in rows)


def has_schema(connection: Connection, schema: str) -> bool:
    """Return whether ``schema`` is that of a tenant."""
    return _is_there(connection) and bool(fetch(connection, _sql(_OF_SCHEMA), (schema,)))


def one_of_each_version(connection: Connection) -> tuple[Tenant, ...]:
    """Return a tenant that is ready of each version; none where there is no registry yet."""
    if not _is_there(connection):
        return ()
    rows = fetch(connection, _sql(_ONE_OF_EACH, all=_sql(_READ)))
    return tuple(Tenant(*row) for row in rows)


def largest(connection: Connection) -> Tenant | None:
    """Return the tenant that is ready whose tables are the largest; ``None`` without any."""
    if not _is_there(connection):
        return None
    rows = fetch(connection, _sql(_LARGEST, all=_sql(_READ)))
    return Tenant(*rows[0]) if rows else None


def get(connection: Connection, name: str) -> Tenant:
    """Return the tenant called ``name``; raises ``TenantUnknownError``."""
    found = find(connection, name)
    if found is None:
        raise TenantUnknownError(
            f"There is no tenant {name}.",
            cure="`invoke tenant.list` shows all; `invoke tenant.create` makes one.",
        )
    return found


def add(connection: Connection, tenant: Tenant, *, new: bool = False) -> Tenant | None:
    """Write the ``tenant`` and return it, with its time; ``None`` if there is one of its name.

    That time is another one than that of any tenant that had the name before. Where its schema is
    to be ``new``, it isn't written if there is one that is called so.
    """
    values = {each: getattr(tenant, each) for each in ("name", "schema", "state", "version")}
    rows = fetch(connection, _sql(_ADD), {**values, "new": new})
    return replace(tenant, since=rows[0][0]) if rows else None


def set_state(connection: Connection, tenant: Tenant, state: State) -> None:
    """Write that the state of ``tenant`` is ``state``; raises ``TenantError`` if it is gone."""
    if execute(connection, _sql(_SET_STATE), (state, tenant.name)) == 0:
        raise TenantError(
            f"The tenant {tenant} was removed meanwhile.",
            cure="`invoke tenant.list` shows those that are there.",
        )


def finish(connection: Connection, tenant: Tenant, version: str | None) -> Tenant:
    """Write that ``tenant`` is ready, with the migrations up to ``version``, and return it so."""
    execute(connection, _sql(_FINISH), (version, tenant.name))
    return replace(tenant, state="ready", version=version)


def set_version(connection: Connection, names: Iterable[str], version: str | None = None) -> None:
    """Write that ``version`` is the newest migration of the tenants called ``names``."""
    execute(connection, _sql(_SET_VERSION), (version, [*names], version))


def correct_version(connection: Connection, tenants: Iterable[Tenant], version: str | None) -> None:
    """Write that ``version`` is the newest migration of those of ``tenants`` that have another.

    Where another command wrote one since they were read, that is the newer one, and stays.
    """
    wrong = {each.name: each.version for each in tenants if each.version != version}
    if wrong:
        execute(connection, _sql(_CORRECT_VERSION), (version, [*wrong], [*wrong.values()]))


def reach_disk(connection: Connection) -> None:
    """Wait for the disk, with all that was written before by sessions that don't."""
    execute(connection, _sql(_TOUCH))


def remove(connection: Connection, name: str) -> None:
    """Remove the tenant called ``name`` from the registry."""
    execute(connection, _sql(_REMOVE), (name,))


def _found(connection: Connection, runtime: str) -> tuple[bool, bool]:
    """Return whether the table is there, and whether no role ``runtime`` fails to read it."""
    ((is_there, may_read),) = fetch(connection, _FOUND, {"table": TENANTS, "role": runtime})
    return is_there, may_read is not False


def _is_there(connection: Connection) -> bool:
    return fetch_value(connection, "SELECT to_regclass(%s)", (TENANTS,)) is not None


def _sql(text: str, **names: sql.Composable) -> sql.Composed:
    return sql.SQL(text).format(table=sql.Identifier(TENANTS), since=_SINCE, **names)
