"""A tenant's schema on one of the servers of Citus: "Schema-based sharding" in its manual."""

from time import monotonic, sleep

import psycopg2
from psycopg2 import sql

from berceau.errors import TenantError
from berceau.postgres.citus.counting import go_on_counting
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute, fetch

_IS_DISTRIBUTED = """
SELECT FROM pg_dist_schema d JOIN pg_namespace n ON n.oid = d.schemaid WHERE n.nspname = %s
"""
_SERVER = """
SELECT nodename, nodeport FROM pg_class c JOIN pg_dist_shard s ON s.logicalrelid = c.oid
JOIN pg_dist_placement USING (shardid)
JOIN pg_dist_node n USING (groupid)
WHERE c.relnamespace = to_regnamespace(quote_ident(%s)) AND n.noderole = 'primary' LIMIT 1
"""
_SERVERS = """
SELECT nodename, nodeport FROM pg_dist_node
WHERE isactive AND noderole = 'primary' AND shouldhaveshards ORDER BY nodename, nodeport
"""
_REMAINS = "SELECT FROM pg_dist_cleanup WHERE starts_with(object_name, quote_ident(%s) || '.')"

PATIENCE = 10.0
PAUSE = 0.2
"""Seconds to wait for Citus to remove what an earlier move left, and between two looks."""


def distribute(connection: Connection, schema: str) -> None:
    """Let the tables of ``schema`` be on one server, which Citus chooses, from now on.

    The connection is in autocommit mode, and the schema's is the role's own. Where it is done
    already, nothing happens. Raises ``TenantError`` with what Citus refused.
    """
    if fetch(connection, _IS_DISTRIBUTED, (schema,)):
        return
    name = sql.Identifier(schema).as_string(connection)
    try:
        execute(connection, "BEGIN")
        execute(connection, "SELECT citus_schema_distribute(%s::regnamespace)", (name,))
        # Numbers of a table begin again where what it refers to came to all servers by hand.
        go_on_counting(connection, schema)
        execute(connection, "COMMIT")
    except psycopg2.Error as error:
        if connection.closed:
            raise
        execute(connection, "ROLLBACK")
        said = (error.diag.message_primary, error.diag.message_detail)
        raise TenantError(
            f"Citus can't take the schema {schema}: {'. '.join(filter(None, said))}.",
            cure="What tenants refer to has to be on all servers: see the guide on Citus.",
        ) from error


def server_of(connection: Connection, schema: str) -> str | None:
    """Return where the tables of ``schema`` are, as ``host:port``; ``None`` without tables."""
    rows = fetch(connection, _SERVER, (schema,))
    return f"{rows[0][0]}:{rows[0][1]}" if rows else None


def servers(connection: Connection) -> tuple[str, ...]:
    """Return the servers that take tables, as ``host:port``."""
    return tuple(f"{host}:{port}" for host, port in fetch(connection, _SERVERS))


def move(connection: Connection, schema: str, server: str) -> None:
    """Bring the tables of ``schema`` to ``server``; they can be read and written meanwhile.

    The connection is in autocommit mode. Raises ``TenantError`` with what Citus refused.
    """
    host, _, port = server.rpartition(":")
    name = sql.Identifier(schema).as_string(connection)
    query = "SELECT citus_schema_move(%s::regnamespace, %s, %s)"
    until = monotonic() + PATIENCE
    while True:
        # Citus itself removes what is left of an earlier move, and refuses another one meanwhile.
        remains = fetch(connection, _REMAINS, (schema,))
        try:
            execute(connection, query, (name, host, int(port)))
        except psycopg2.Error as error:
            if connection.closed:
                raise
            if not remains or monotonic() > until:
                raise TenantError(
                    f"Citus can't move the schema {schema} to {server}: "
                    f"{error.diag.message_primary or str(error).strip()}.",
                    cure="Nothing was moved. Correct the cause that it names, and run the command "
                    "again.",
                ) from error
        else:
            return
        sleep(PAUSE)
