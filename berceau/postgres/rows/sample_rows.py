"""Rows copied from the project's database into a scratch schema, with the rows they refer to."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ

from berceau.errors import StatementError
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute, fetch
from berceau.postgres.rows.local_rows import local_rows
from berceau.postgres.rows.references import PASSES, Reference, Source, closure, references
from berceau.schema.model import Column, Schema, Table
from berceau.schema.names import quote_name

_WANTED = sql.Identifier("berceau_wanted")


def copy_rows(
    connection: Connection,
    source: Source,
    current: Schema,
    limits: Mapping[str, int | None],
    refer: Sequence[Reference],
) -> dict[str, int]:
    """Copy rows of ``source`` into the scratch schema of ``connection``.

    ``limits`` gives how many of which table, ``None`` for all; the rows that they refer to come
    along. Returns how many rows each table got. A table that ``source`` has otherwise than
    ``current``, or that refers to such a one, gets none. The source is only read, in one snapshot.
    Raises ``StatementError`` where the rows can't be had, or don't go in.
    """
    current = replace(current, tables=(*current.tables, *source.tables.tables))
    refer = [*refer, *references(source.tables)]
    alike = _alike(connection, source, current)
    names = {name for name in limits if closure([name], refer) <= alike}
    reached = closure([*names], refer)
    tables = [table for table in current.tables if table.name in reached]
    if not tables:
        return {}
    refer = [each for each in refer if each.table in reached]
    connection.set_session(isolation_level=ISOLATION_LEVEL_REPEATABLE_READ, autocommit=False)
    chosen = {name: limits[name] for name in names}
    try:
        with local_rows(connection, source, chosen, refer) as local:
            _choose(connection, local, chosen, refer)
            counts = _insert(connection, local, tables, _with_twins(connection, source))
        connection.commit()
    except psycopg2.Error as error:
        message = error.diag.message_primary or str(error).strip()
        raise StatementError(message, sqlstate=error.pgcode) from error
    finally:
        if not connection.closed:
            connection.rollback()
            connection.set_session(isolation_level="DEFAULT", autocommit=True)
    return counts


def _alike(connection: Connection, source: Source, current: Schema) -> set[str]:
    """Return the tables that have in ``source`` all columns that they have in ``current``."""
    found = {
        name: set(columns)
        for schema, name, columns in fetch(
            connection,
            """
            SELECT nspname, c.relname, array_agg(a.attname::text) FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE c.relkind = 'r' AND n.nspname = ANY (%s)
            GROUP BY nspname, c.relname
            """,
            (source.schemas,),
        )
        if (schema == source.shared) == source.is_shared(name)
    }
    return {
        table.name
        for table in current.tables
        if table.name in found and {column.name for column in table.columns} <= found[table.name]
    }


def _choose(
    connection: Connection,
    source: Source,
    limits: Mapping[str, int | None],
    refer: Sequence[Reference],
) -> None:
    """Write into a table which rows are wanted, by their place in the snapshot."""
    wanted = sql.SQL("CREATE TABLE {} (relation text, place tid, UNIQUE (relation, place))")
    execute(connection, wanted.format(_WANTED))
    some = sql.SQL("INSERT INTO {} SELECT %s, ctid FROM ONLY {} LIMIT %s")
    for name, limit in limits.items():
        execute(connection, some.format(_WANTED, source.of(name)), (name, limit))
    for _ in range(PASSES):
        found = 0
        for each in refer:
            found += execute(connection, _follow(source, each), (each.target, each.table))
        if not found:
            return
    left = 1
    while left:
        left = 0
        for each in refer:
            left += execute(connection, _forget(source, each), (each.table, each.target))


def _follow(source: Source, each: Reference) -> sql.Composable:
    """Return SQL that wants the rows that wanted rows refer to."""
    return sql.SQL(
        "INSERT INTO {wanted} SELECT %s, p.ctid FROM {wanted} w "
        "JOIN ONLY {child} c ON w.relation = %s AND c.ctid = w.place "
        "JOIN ONLY {parent} p ON {match} "
        "ON CONFLICT DO NOTHING"
    ).format(**_parts(source, each))


def _forget(source: Source, each: Reference) -> sql.Composable:
    """Return SQL that lets go of the rows whose reference leads to a row that isn't wanted."""
    return sql.SQL(
        "DELETE FROM {wanted} w USING ONLY {child} c WHERE w.relation = %s AND c.ctid = w.place "
        "AND ({names}) IS NOT NULL AND NOT EXISTS (SELECT FROM ONLY {parent} p "
        "JOIN {wanted} v ON v.relation = %s AND v.place = p.ctid WHERE {match})"
    ).format(**_parts(source, each))


def _parts(source: Source, each: Reference) -> dict[str, sql.Composable]:
    return {
        "wanted": _WANTED,
        "child": source.of(each.table),
        "parent": source.of(each.target),
        "names": sql.SQL(", ").join(
            sql.SQL("c.{}").format(sql.Identifier(name)) for name in each.columns
        ),
        "match": sql.SQL(" AND ").join(
            sql.SQL("c.{} = p.{}").format(sql.Identifier(mine), sql.Identifier(other))
            for mine, other in zip(each.columns, each.target_columns, strict=True)
        ),
    }


def _insert(
    connection: Connection, source: Source, tables: Sequence[Table], twins: Set[tuple[str, str]]
) -> dict[str, int]:
    """Copy what is wanted in one statement: foreign keys are checked at its end."""
    copies = [_copy(source, table, twins) for table in tables]
    inserts = [
        sql.SQL("{} AS ({} RETURNING 1)").format(sql.Identifier(f"copied_{number}"), copy)
        for number, copy in enumerate(copies)
    ]
    counts = [
        sql.SQL("(SELECT count(*) FROM {})").format(sql.Identifier(f"copied_{number}"))
        for number in range(len(copies))
    ]
    comma = sql.SQL(", ")
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("WITH {} SELECT {}").format(comma.join(inserts), comma.join(counts)),
        )
        (row,) = cursor.fetchall()
        cursor.execute(sql.SQL("DROP TABLE {}").format(_WANTED))
    return {table.name: count for table, count in zip(tables, row, strict=True) if count}


def _with_twins(connection: Connection, source: Source) -> set[tuple[str, str]]:
    """Return the columns of ``source``, as (table, column), whose type is of its schemas, too.

    Enums, domains, composite types: the scratch schema has one of its own under the same name.
    """
    return set(
        fetch(
            connection,
            """
            SELECT c.relname, a.attname FROM pg_class c
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
            JOIN pg_type t ON t.oid = a.atttypid
            LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
            WHERE c.relnamespace::regnamespace::text = ANY (%(schemas)s)
              AND coalesce(e.typnamespace, t.typnamespace)::regnamespace::text = ANY (%(schemas)s)
            """,
            {"schemas": [quote_name(name) for name in source.schemas]},
        )
    )


def _copy(source: Source, table: Table, twins: Set[tuple[str, str]]) -> sql.Composable:
    def value(column: Column) -> sql.Composable:
        name = sql.SQL("s.{}").format(sql.Identifier(column.name))
        if (table.name, column.name) not in twins:
            return name
        through = "text[]" if column.type.endswith("[]") else "text"
        return sql.SQL("{}::{}::{}").format(name, sql.SQL(through), sql.SQL(column.type))

    columns = [column for column in table.columns if column.generated is None]
    names = [sql.Identifier(column.name) for column in columns]
    values = map(value, columns)
    return sql.SQL(
        "INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE SELECT {values} FROM {wanted} w "
        "JOIN ONLY {source} s ON w.relation = {literal} AND s.ctid = w.place{again}"
    ).format(
        table=sql.Identifier(table.name),
        names=sql.SQL(", ").join(names),
        values=sql.SQL(", ").join(values),
        wanted=_WANTED,
        source=source.of(table.name),
        # Another copy may have brought them already.
        again=sql.SQL(" ON CONFLICT DO NOTHING" if source.is_shared(table.name) else ""),
        literal=sql.Literal(table.name),
    )
