"""A schema copied for a test worker: structure and migration history, no rows."""

from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from berceau.postgres import catalog, ledger
from berceau.postgres.schemas import create_schema, drop_schema, execute, use_schema
from berceau.schema.diff import create
from berceau.schema.order import order
from berceau.schema.sql import to_statements


def clone(connection: Connection, source: str, target: str) -> None:
    """Make the schema ``target``, which is dropped first, a copy of ``source`` without its rows.

    The connection is in autocommit mode and ends with ``target`` as its search_path. The ledger
    comes with its rows, so that the copy counts as migrated.
    """
    use_schema(connection, source)
    statements = to_statements(order(create(catalog.read(connection))))
    drop_schema(connection, target)
    create_schema(connection, target)
    use_schema(connection, target)
    execute(connection, statements)
    ledger.ensure(connection)
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("INSERT INTO {} SELECT * FROM {}").format(
                sql.Identifier(ledger.LEDGER), sql.Identifier(source, ledger.LEDGER)
            )
        )
