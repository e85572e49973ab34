"""Places: tables are brought to where they are declared, in a database that got Citus later."""

from dataclasses import replace

from berceau.errors import DatabaseError, StatementError
from berceau.postgres.citus.places import misplaced
from berceau.postgres.core.connection import Connection
from berceau.postgres.runner.progress import Report


def place(connection: Connection, report: Report) -> None:
    """Bring all tables of the schema to where its migrations have them, or none.

    The connection is in autocommit mode, and alone may migrate. Without Citus nothing happens.
    Raises ``DatabaseError`` with what Citus refused.
    """
    found = misplaced(connection)
    if not found:
        return
    # What plans changes: a deploy in any other database starts without it.
    from berceau.postgres.inspect import catalog
    from berceau.postgres.runner.at_once import run_at_once
    from berceau.schema.model import Schema
    from berceau.schema.planning import steps_between
    from berceau.schema.sql import to_statements

    report(f"moving what isn't where it is declared: {', '.join(each.table for each in found)}")
    wanted = catalog.read(connection)
    held = {each.table: each.held for each in found}
    tables = (
        replace(each, distribution=held.get(each.name, each.distribution)) for each in wanted.tables
    )
    statements = to_statements(steps_between(Schema(wanted.enums, tuple(tables)), wanted))
    try:
        run_at_once(connection, statements)
    except StatementError as error:
        raise DatabaseError(
            f"Citus refuses what is declared: {'; '.join(map(str, found))}: {error.message}",
            cure="Nothing was moved. Correct the cause that it names, and run the command again.",
        ) from error
