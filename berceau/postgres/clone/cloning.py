"""One schema made a copy of another, in one go."""

from collections.abc import Sequence
from contextlib import suppress
from io import StringIO

import psycopg2
from psycopg2 import sql

from berceau.errors import CloneError
from berceau.postgres.clone.comparing import agrees, differences
from berceau.postgres.clone.definition import Definitions
from berceau.postgres.clone.parsing import version
from berceau.postgres.clone.reading import read
from berceau.postgres.clone.references import Reference, refused
from berceau.postgres.clone.writing import MANY, Another, fill_views, write
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.own_tables import LEDGER
from berceau.postgres.inspect.schemas import create_schema, drop_schema

SHOWN = 20
ALLOW = (
    "Remove the schema's name there, so that the search path finds it. Or, if the copy may use the "
    "source, add --allow-references, or --allow-references=NAME for one function."
)


def clone(
    connection: Connection,
    source: str,
    target: str,
    allowed: Sequence[str] = (),
    another: Another | None = None,
) -> tuple[str, ...]:
    """Make the new schema ``target`` an exact copy of ``source``, without its rows.

    Berceau's ledger comes with its rows, so that the copy counts as migrated. Returns sentences
    about what isn't copied. What may lead back to the source is refused, except in what patterns
    of ``allowed`` fit. The connection is in autocommit mode, and ``another`` gives one more where
    two are faster. Raises ``CloneError`` or
    ``PermissionMissingError``, and leaves nothing then.
    """
    definitions = read(connection, source)
    require_apart(source, definitions.references, allowed, ALLOW)
    try:
        create_schema(connection, target)
    except (psycopg2.errors.DuplicateSchema, psycopg2.errors.UniqueViolation):
        raise CloneError(
            f"The schema {target!r} exists already.",
            cure=f"Choose another name, or drop it: invoke db.drop --target {target}",
        ) from None
    try:
        unfilled = fill(connection, definitions, target, another)
        other = another() if another and len(definitions.texts) >= 2 * MANY else None
        if other is None or not agrees(connection, other, definitions, target):
            _require_equal(definitions, target, differences(connection, definitions, target))
    except BaseException:
        if not connection.closed:
            with suppress(psycopg2.Error):  # what stops a copy may stop that, too
                drop_schema(connection, target)
        raise
    return (*definitions.notes, *unfilled)


def require_apart(
    source: str, references: Sequence[Reference], allowed: Sequence[str], cure: str
) -> None:
    """Raise ``CloneError`` where a copy may lead back to its source, unless that is ``allowed``."""
    found = refused(references, allowed)
    if found:
        more = f"\n    and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        raise CloneError(
            f"A copy of the schema {source!r} may still use the original. Berceau can't find out "
            "how these texts use the schema's name:\n"
            + "\n".join(f"    {each}" for each in found[:SHOWN])
            + more,
            cure=cure
            if version()
            else f"{cure} With `pip install pglast`, Berceau recognises more names.",
        )


def fill(
    connection: Connection, definitions: Definitions, target: str, another: Another | None = None
) -> tuple[str, ...]:
    """Carry ``definitions`` out in the empty schema ``target``, and copy the ledger's rows.

    Returns sentences about materialized views that can't be filled. Raises ``CloneError``.
    """
    write(connection, definitions, target, another)
    put_ledger(connection, definitions, target)
    return fill_views(connection, definitions, target)


def put_ledger(connection: Connection, definitions: Definitions, target: str) -> None:
    """Copy the rows of Berceau's ledger, if the source has one."""
    if definitions.ledger is not None:
        table = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(target, LEDGER))
        with connection.cursor() as cursor, StringIO(definitions.ledger) as rows:
            cursor.copy_expert(table, rows)


def _require_equal(definitions: Definitions, target: str, found: tuple[str, ...]) -> None:
    if found:
        raise CloneError(
            f"The copy of the schema {definitions.source!r} isn't like it:\n"
            + "\n".join(f"    {sentence}" for sentence in found[:10]),
            cure=f"This is a defect of Berceau: please report it. {target!r} is dropped again.",
        )
