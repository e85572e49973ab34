"""Schemas made in a database of their own, where each keeps its name."""

from collections.abc import Sequence

import psycopg2

from berceau.errors import CloneError
from berceau.postgres.clone.cloning import put_ledger
from berceau.postgres.clone.definition import Definitions
from berceau.postgres.clone.session import PLAIN_SESSION
from berceau.postgres.clone.writing import Place, fill_views, write
from berceau.postgres.core.connection import Connection, transaction


def fill_together(connection: Connection, every: Sequence[Definitions]) -> None:
    """Carry out the definitions of ``every`` schema, all of which exist and are empty.

    The rows of Berceau's ledger come, too. A materialized view whose query fails on no rows isn't
    filled. The connection is in autocommit mode. Raises ``CloneError``.
    """
    if len(every) == 1:
        write(connection, every[0], every[0].source)
    else:
        _write_in_any_order(connection, every)
    for each in every:
        put_ledger(connection, each, each.source)
    for each in every:
        fill_views(connection, each, each.source)


def _write_in_any_order(connection: Connection, every: Sequence[Definitions]) -> None:
    """Run each statement when what it needs is there: schemas may need each other in circles."""
    waiting = [
        text for each in every for text in map(Place(connection, each, each.source).put, each.texts)
    ]
    while waiting:
        failed: list[tuple[str, psycopg2.Error]] = []
        for text in waiting:
            try:
                with transaction(connection), connection.cursor() as cursor:
                    cursor.execute(f"{PLAIN_SESSION}{text}")
            except psycopg2.Error as error:
                failed.append((text, error))
        if len(failed) == len(waiting):
            raise _explain(every, *failed[0])
        waiting = [text for text, _ in failed]


def _explain(every: Sequence[Definitions], text: str, error: psycopg2.Error) -> CloneError:
    return CloneError(
        f"The schemas {', '.join(each.source for each in every)} can't be copied. PostgreSQL "
        f"says: {error.diag.message_primary or str(error).strip()}\n    {text}",
        cure="Grant the missing right, or move the object to another schema.",
    )
