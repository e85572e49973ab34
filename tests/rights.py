"""What the runtime role may do in a schema of a test's own."""

from psycopg2 import sql

from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute
from berceau.postgres.inspect.roles import DATA_RIGHTS


def grant_data_rights(connection: Connection, schema: str, runtime: str) -> None:
    """Let the role ``runtime`` read and write the data of ``schema``; its owner must ask."""
    execute(
        connection,
        sql.SQL(DATA_RIGHTS).format(schema=sql.Identifier(schema), runtime=sql.Identifier(runtime)),
    )
