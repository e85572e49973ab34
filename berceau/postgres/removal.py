"""What migrations made is dropped, and nothing else."""

from collections.abc import Iterable, Iterator, Sequence

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from berceau.errors import StatementError
from berceau.postgres.objects import Object
from berceau.schema.model import Schema

_BEFORE_TABLES = ("trigger", "rule", "policy", "materialized view", "view", "foreign table")
_AFTER_TABLES = ("aggregate", "function", "procedure", "sequence", "type", "composite type")


def drop(connection: Connection, schema: Schema, objects: Sequence[Object]) -> None:
    """Drop the tables and enums of ``schema``, and ``objects``, as far as they exist.

    Extensions stay. Runs in the transaction of ``connection``. Raises ``StatementError`` where
    something else depends on any of it: nothing is dropped then.
    """
    tables = [sql.Identifier(table.name) for table in schema.tables]
    enums = [sql.Identifier(enum.name) for enum in schema.enums]
    steps = [
        *_drops(_BEFORE_TABLES, objects),
        *(
            [sql.SQL("DROP TABLE IF EXISTS {}").format(sql.SQL(", ").join(tables))]
            if tables
            else []
        ),
        *_drops(_AFTER_TABLES, objects),
        *([sql.SQL("DROP TYPE IF EXISTS {}").format(sql.SQL(", ").join(enums))] if enums else []),
    ]
    try:
        with connection.cursor() as cursor:
            for step in steps:
                cursor.execute(step)
    except psycopg2.Error as error:
        raise StatementError(
            f"{error.diag.message_primary}: {error.diag.message_detail}",
            cure="Nothing was dropped. What no migration made is yours to drop first.",
        ) from error


def _drops(kinds: Iterable[str], objects: Sequence[Object]) -> Iterator[sql.SQL]:
    for kind in kinds:
        names = [each.name for each in objects if each.kind == kind]
        if not names:
            continue
        if " on " in names[0]:  # of a table each: they can't be listed
            yield from (sql.SQL(f"DROP {kind} IF EXISTS {name}") for name in names)
        else:
            word = "type" if kind == "composite type" else kind
            yield sql.SQL(f"DROP {word} IF EXISTS {', '.join(names)}")
