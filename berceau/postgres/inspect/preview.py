"""What a schema would be after some statements, as PostgreSQL itself shows it; nothing stays."""

from collections.abc import Sequence

from berceau.postgres.core.connection import Connection
from berceau.postgres.inspect import catalog
from berceau.postgres.inspect.schemas import execute_statements
from berceau.schema.model import Schema
from berceau.schema.sql import Statement


def preview(connection: Connection, statements: Sequence[Statement]) -> Schema:
    """Return the schema as it is after ``statements``, which are taken back.

    The connection is in autocommit mode. Raises ``StatementError`` with what PostgreSQL refused.
    """
    connection.autocommit = False
    try:
        execute_statements(connection, statements)
        return catalog.read(connection)
    finally:
        connection.rollback()
        connection.autocommit = True
