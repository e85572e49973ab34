"""Whether a database has Citus, and what is done on its other servers."""

from psycopg2 import sql

from berceau.errors import DatabaseError
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import fetch, fetch_value


def has_citus(connection: Connection) -> bool:
    """Return whether the database of ``connection`` has the extension.

    That is asked by a table of its own: a new session would read the catalog for pg_extension.
    """
    asked = "SELECT to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL"
    return bool(fetch_value(connection, asked))


KEEP_LOCAL = "SET citus.enable_schema_based_sharding = off"
"""Lets tables of schemas that a session creates stay on this server.

Servers without Citus keep the setting, and don't look at it.
"""


def require_servers(connection: Connection) -> None:
    """Raise ``DatabaseError`` where one of the other servers doesn't answer.

    Citus changes tables, schemas and roles on all of them or not at all. So a command asks before
    it begins. Without Citus there are none.
    """
    if not has_citus(connection):
        return
    silent = "SELECT nodename, nodeport, result FROM run_command_on_workers(%s) WHERE NOT success"
    for host, port, result in fetch(connection, silent, ("SELECT 1",)):
        raise DatabaseError(
            f"The Citus server {host}:{port} doesn't answer: {' '.join(str(result).split())}",
            cure="Nothing was done. Tables are changed only while all servers answer: start it, "
            "and run the command again.",
        )


def run_on_workers(connection: Connection, *commands: sql.Composable) -> None:
    """Run the ``commands`` in one transaction on each of the other servers.

    That is as the role of ``connection``. What is there already must not harm: after a server was
    added, all are run again. Raises ``DatabaseError`` with the server that refused.
    """
    # Each server is told itself: what one does must not be sent on to the others.
    own = sql.SQL("SET LOCAL citus.enable_ddl_propagation TO off")
    text = sql.SQL("; ").join((own, *commands)).as_string(connection)
    failed = "SELECT nodename, nodeport, result FROM run_command_on_workers(%s) WHERE NOT success"
    for host, port, result in fetch(connection, failed, (text,)):
        raise DatabaseError(
            f"The Citus server {host}:{port} refused what was asked of it: {result}",
            cure="Correct the cause that it names, and run the command again.",
        )
