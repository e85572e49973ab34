"""What migrations made is dropped, and nothing else, in as many transactions as locks need."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import psycopg2
from psycopg2 import sql

from berceau.errors import StatementError
from berceau.postgres.core.connection import Connection, transaction
from berceau.postgres.inspect.objects import Object
from berceau.schema.changes import DropConstraint, DropEnum, DropTable
from berceau.schema.model import Schema
from berceau.schema.sql.locking import LIMIT, locks

_BEFORE_TABLES = ("trigger", "rule", "policy", "materialized view", "view", "foreign table")
_AFTER_TABLES = (
    "aggregate",
    "function",
    "procedure",
    "sequence",
    "type",
    "composite type",
    "extension",
)

_Step = tuple[sql.Composable, int]  # a statement, and about how many locks it takes


def drop(
    connection: Connection,
    schema: Schema,
    objects: Sequence[Object],
    at_the_end: Callable[[], None],
) -> None:
    """Drop the tables and enums of ``schema``, and ``objects``, as far as they exist.

    ``connection`` is in autocommit mode; ``at_the_end`` runs in the last
    transaction. There is one transaction, unless the server hasn't room for its locks. Raises
    ``StatementError`` where something else depends on any of it: what is left can be dropped by
    another call.
    """
    groups = list(_within_limit(_steps(schema, objects)))
    for number, statements in enumerate(groups):
        try:
            with transaction(connection), connection.cursor() as cursor:
                if statements:
                    cursor.execute(sql.SQL(";\n").join(statements))
                if number == len(groups) - 1:
                    at_the_end()
        except psycopg2.Error as error:
            dropped = "Not all was dropped" if number else "Nothing was dropped"
            raise StatementError(
                f"{error.diag.message_primary}: {error.diag.message_detail}",
                cure=f"{dropped}. First drop the objects that no migration created. Then run the "
                "command again.",
                sqlstate=error.pgcode,
            ) from error


def _within_limit(steps: Iterable[_Step]) -> Iterator[list[sql.Composable]]:
    """Yield the statements of a transaction each; at least one, which may be empty."""
    group: list[sql.Composable] = []
    held = 0
    for statement, taken in steps:
        if group and held + taken > LIMIT:
            yield group
            group, held = [], 0
        group.append(statement)
        held += taken
    yield group


def _steps(schema: Schema, objects: Sequence[Object]) -> Iterator[_Step]:
    """Yield what to drop; foreign keys go before tables, which may be in different transactions."""
    for statement in _drops(_BEFORE_TABLES, objects):
        yield statement, 1
    for table in schema.tables:
        for key in table.foreign_keys:
            yield (
                sql.SQL("ALTER TABLE IF EXISTS {} DROP CONSTRAINT IF EXISTS {}").format(
                    sql.Identifier(table.name), sql.Identifier(key.name)
                ),
                locks(DropConstraint(table.name, key)),
            )
    for table in schema.tables:
        yield (
            sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(table.name)),
            locks(DropTable(table)),
        )
    for statement in _drops(_AFTER_TABLES, objects):
        yield statement, 1
    for enum in schema.enums:
        yield (
            sql.SQL("DROP TYPE IF EXISTS {}").format(sql.Identifier(enum.name)),
            locks(DropEnum(enum)),
        )


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
