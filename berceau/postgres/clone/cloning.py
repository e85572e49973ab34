"""One schema made a copy of another, in one go."""

from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from berceau.errors import CloneError
from berceau.postgres.clone.comparing import differences
from berceau.postgres.clone.definition import Definitions
from berceau.postgres.clone.reading import read
from berceau.postgres.clone.writing import write
from berceau.postgres.ledger import LEDGER
from berceau.postgres.schemas import create_schema, drop_schema


def clone(connection: Connection, source: str, target: str) -> tuple[str, ...]:
    """Make the new schema ``target`` an exact copy of ``source``, without its rows.

    Berceau's ledger comes with its rows, so that the copy counts as migrated. Returns sentences
    about what the role has no right to copy. The connection is in autocommit mode. Raises
    ``CloneError`` or ``PermissionMissingError``, and leaves nothing then.
    """
    definitions = read(connection, source)
    create_schema(connection, target)
    try:
        fill(connection, definitions, target)
        _require_equal(definitions, target, differences(connection, definitions, target))
    except BaseException:
        if not connection.closed:
            drop_schema(connection, target)
        raise
    return definitions.notes


def fill(connection: Connection, definitions: Definitions, target: str) -> None:
    """Carry ``definitions`` out in the empty schema ``target``, and copy the ledger's rows.

    Raises ``CloneError``.
    """
    write(connection, definitions, target)
    copy_rows(connection, definitions.source, target, LEDGER)


def copy_rows(connection: Connection, source: str, target: str, table: str) -> None:
    """Copy the rows of ``table``, if the schema ``source`` has one, to its copy."""
    there, here = sql.Identifier(source, table), sql.Identifier(target, table)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", (there.as_string(connection),))
        if cursor.fetchall()[0][0] is not None:
            cursor.execute(sql.SQL("INSERT INTO {} SELECT * FROM {}").format(here, there))


def _require_equal(definitions: Definitions, target: str, found: tuple[str, ...]) -> None:
    if found:
        raise CloneError(
            f"The copy of the schema {definitions.source!r} isn't like it:\n"
            + "\n".join(f"    {sentence}" for sentence in found[:10]),
            cure=f"This is a defect of Berceau: please report it. {target!r} is dropped again.",
        )
