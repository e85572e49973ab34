"""What migrations made is dropped, and nothing else, in as many transactions as locks need."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import psycopg2
from psycopg2 import sql

from berceau.errors import StatementError
from berceau.postgres.core.connection import Connection, transaction
from berceau.postgres.inspect.objects import Object
from berceau.schema.changes import DropConstraint, DropEnum, DropTable
from berceau.schema.model import Schema, Table
from berceau.schema.names import quote_name
from berceau.schema.sql.locking import LIMIT, locks

_BEFORE_TABLES = (
    "event trigger",
    "publication",
    "trigger",
    "rule",
    "policy",
    "statistics object",
    "materialized view",
    "view",
    "foreign table",
)
_AFTER_TABLES = (
    "cast",
    "operator class",
    "operator family",
    "operator",
    "text search configuration",
    "text search dictionary",
    "conversion",
    "aggregate",
    "function",
    "procedure",
    "sequence",
    "type",
    "composite type",
    "collation",
    "extension",
)
_EACH = ("trigger", "rule", "policy", "cast", "operator class", "operator family", "conversion")
"""Kinds that DROP takes one of at a time."""

_WORDS = {"composite type": "type", "statistics object": "statistics"}

# A function whose signature has a table's rows, or whose body PostgreSQL has parsed.
_BUILT_ON_TABLES = """
SELECT DISTINCT replace(i.identity, quote_ident(current_schema()) || '.', '')
FROM pg_depend d
JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
LEFT JOIN pg_type t ON d.refclassid = 'pg_type'::regclass AND t.oid = d.refobjid
LEFT JOIN pg_type item ON item.oid = t.typelem
JOIN pg_class c ON c.relkind IN ('r', 'p') AND c.oid = CASE d.refclassid
    WHEN 'pg_class'::regclass THEN d.refobjid
    ELSE coalesce(nullif(t.typrelid, 0), item.typrelid) END,
pg_identify_object('pg_proc'::regclass, p.oid, 0) i
WHERE c.relnamespace = to_regnamespace(quote_ident(current_schema()))
"""

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
    with connection.cursor() as cursor:
        cursor.execute(_BUILT_ON_TABLES)
        built = {name for (name,) in cursor.fetchall()}
    first = [each for each in objects if each.kind in _BEFORE_TABLES]
    first += [each for each in objects if each.kind in _AFTER_TABLES and each.name in built]
    groups = list(_within_limit(_steps(schema, first, [o for o in objects if o not in first])))
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


def _steps(schema: Schema, first: Sequence[Object], objects: Sequence[Object]) -> Iterator[_Step]:
    """Yield what to drop; foreign keys go before tables, which may be in different transactions.

    The tables are between what is ``first`` and the other ``objects``.
    """
    for statement in _drops((*_BEFORE_TABLES, *_AFTER_TABLES), first):
        yield statement, 1
    for table in schema.tables:
        for old in table.old_names:
            yield sql.SQL("DROP VIEW IF EXISTS {}").format(sql.Identifier(old.name)), 1
    for table in schema.tables:
        for key in table.foreign_keys:
            yield (
                sql.SQL("ALTER TABLE IF EXISTS {} DROP CONSTRAINT IF EXISTS {}").format(
                    sql.Identifier(table.name), sql.Identifier(key.name)
                ),
                locks(DropConstraint(table.name, key)),
            )
    for table in _heirs_first(schema):
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


def _heirs_first(schema: Schema) -> list[Table]:
    """Return the tables in an order in which none comes before those that inherit from it."""
    parents = {quote_name(table.name): table.parents for table in schema.tables}

    def depth(name: str) -> int:
        return max((1 + depth(each) for each in parents.get(name, ())), default=0)

    return sorted(schema.tables, key=lambda table: -depth(quote_name(table.name)))


def _drops(kinds: Iterable[str], objects: Sequence[Object]) -> Iterator[sql.SQL]:
    for kind in kinds:
        names = [each.name for each in objects if each.kind == kind]
        if not names:
            continue
        word = _WORDS.get(kind, kind)
        if kind in _EACH:
            yield from (sql.SQL(f"DROP {word} IF EXISTS {name}") for name in names)
        else:
            yield sql.SQL(f"DROP {word} IF EXISTS {', '.join(names)}")
