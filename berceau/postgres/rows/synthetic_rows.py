"""Rows made up from a schema alone, where the project's database has none to validate with."""

from collections.abc import Callable, Collection, Iterable, Mapping

import psycopg2
from psycopg2 import sql

from berceau.postgres.core.connection import Connection, transaction
from berceau.schema.model import Column, Schema, Table
from berceau.schema.names import quote_literal, quote_name

ROWS = 2
"""How many rows a table gets: enough for a unique column to be wrong."""

_Make = Callable[[int], str]

_BY_TYPE: dict[str, _Make] = {
    "boolean": lambda n: str(n % 2 == 0),
    "uuid": lambda n: f"'00000000-0000-0000-0000-{n:012}'",
    "bytea": lambda n: f"'\\x{n:02}'",
    "json": lambda n: f"'{{\"n\": {n}}}'",
    "jsonb": lambda n: f"'{{\"n\": {n}}}'",
    "date": lambda n: f"'2000-01-{n:02}'",
    "interval": lambda n: f"'{n} s'",
}
_BY_PREFIX: dict[tuple[str, ...], _Make] = {
    ("smallint", "integer", "bigint", "numeric", "real", "double"): str,
    ("text", "character"): lambda n: f"'{n}'",
    ("timestamp",): lambda n: f"'2000-01-{n:02} 00:00Z'",
    ("time",): lambda n: f"'00:00:{n:02}'",
}


def make_rows(
    connection: Connection, schema: Schema, names: Iterable[str], labels: Mapping[str, str]
) -> dict[str, str]:
    """Put rows into the empty tables of ``names``, parents first; return why some got none.

    ``labels`` gives the one to use of each enum type. A table that no row can be made up for
    stays empty: a type that isn't known here, a check, a reference to an empty table.
    """
    tables = {table.name: table for table in schema.tables}
    failed: dict[str, str] = {}
    tried: set[str] = set()

    def fill(name: str) -> None:
        if name in tried or name not in tables:
            return
        tried.add(name)
        for key in tables[name].foreign_keys:
            fill(key.target)
        # Where two rows, or values for all columns, don't go, one with the fewest may.
        for rows, bare in ((ROWS, False), (1, False), (1, True)):
            reason = _fill(connection, tables[name], labels, rows, bare)
            if reason is None:
                failed.pop(name, None)
                return
            failed[name] = reason

    for name in sorted(names):
        fill(name)
    return failed


def _fill(
    connection: Connection, table: Table, labels: Mapping[str, str], rows: int, bare: bool
) -> str | None:
    """Put ``rows`` into ``table`` unless it has some; return why that failed, if it did.

    With ``bare``, only columns that need a value get one.
    """
    references = {
        name: (key.target, other)
        for key in table.foreign_keys
        if key.target != table.name
        for name, other in zip(key.columns, key.target_columns, strict=True)
    }
    own = {name for key in table.foreign_keys if key.target == table.name for name in key.columns}
    target = sql.Identifier(table.name)
    columns = [
        column
        for column in table.columns
        if column.generated is None
        and not (bare and (column.default or column.identity or not column.not_null))
    ]
    try:
        with transaction(connection), connection.cursor() as cursor:
            cursor.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(target))
            if cursor.fetchall()[0][0]:
                return None
            for n in range(1, rows + 1):
                values = [_value(column, n, references, own, labels) for column in columns]
                cursor.execute(
                    sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})").format(
                        target,
                        sql.SQL(", ").join(sql.Identifier(each.name) for each in columns),
                        sql.SQL(", ").join(values),
                    )
                )
    except psycopg2.Error as error:
        return error.diag.message_primary or str(error).strip()
    except LookupError as error:
        return f"no value is known for the type {error.args[0]}"
    return None


def _value(
    column: Column,
    n: int,
    references: Mapping[str, tuple[str, str]],
    own: Collection[str],
    labels: Mapping[str, str],
) -> sql.Composable:
    """Return the value of row ``n``; raises ``LookupError`` for a type that isn't known."""
    if column.name in references:
        table, other = references[column.name]
        return sql.SQL("(SELECT {other} FROM {table} ORDER BY 1 LIMIT 1 OFFSET {n})").format(
            other=sql.Identifier(other), table=sql.Identifier(table), n=sql.Literal(n - 1)
        )
    if column.name in own and not column.not_null:
        return sql.SQL("NULL")
    try:
        return sql.SQL(_literal(column.type, n, labels))
    except LookupError:
        if column.not_null:
            raise
        return sql.SQL("NULL")


def _literal(sql_type: str, n: int, labels: Mapping[str, str]) -> str:
    if sql_type.endswith("[]"):
        return f"ARRAY[{_literal(sql_type[:-2], n, labels)}]::{sql_type}"
    for name, label in labels.items():
        if sql_type == quote_name(name):
            return f"{quote_literal(label)}::{sql_type}"
    for prefixes, make in _BY_PREFIX.items():
        if sql_type.startswith(prefixes):
            return make(n)
    return _BY_TYPE[sql_type](n)
