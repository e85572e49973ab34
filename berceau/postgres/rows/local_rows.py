"""Rows of tables that Citus has elsewhere, brought to this server.

There a row has a place of its own only within a part of its table, and few joins with tables of
this server are possible.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from psycopg2 import sql

from berceau.postgres.citus.nodes import KEEP_LOCAL, has_citus
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute, fetch
from berceau.postgres.rows.references import PASSES, Reference, Source

_IS_ELSEWHERE = """
SELECT FROM pg_dist_partition p JOIN pg_class c ON c.oid = p.logicalrelid
JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY (%s)
"""
_EMPTY_COPY = "CREATE TABLE {copy} (LIKE {source})"
_SOME = "INSERT INTO {copy} SELECT * FROM {source} LIMIT {limit}"
_LACKING = """
SELECT DISTINCT {texts} FROM {child} c
WHERE ({columns}) IS NOT NULL AND NOT EXISTS (SELECT FROM {parent} p WHERE {match})
"""
_BRING = "INSERT INTO {parent} SELECT * FROM {source} WHERE ({columns}) IN ({keys})"


@contextmanager
def local_rows(
    connection: Connection,
    source: Source,
    limits: Mapping[str, int | None],
    refer: Sequence[Reference],
) -> Iterator[Source]:
    """Yield a schema of this server with rows of ``source``.

    Without Citus that is ``source`` itself. Otherwise it has, until the end, as many rows of each
    table as ``limits`` says, ``None`` for all, and those that they refer to. The connection is in
    a transaction, in which all that happens. Raises ``psycopg2.Error``.
    """
    if not (has_citus(connection) and fetch(connection, _IS_ELSEWHERE, (source.schemas,))):
        yield source
        return
    local = f"berceau_rows_{secrets.token_hex(6)}"
    execute(connection, KEEP_LOCAL)
    execute(connection, sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(local)))
    for name in {*limits, *(each.target for each in refer)}:
        names = {"copy": sql.Identifier(local, name), "source": source.of(name)}
        execute(connection, sql.SQL(_EMPTY_COPY).format(**names))
        if name in limits:
            limit = sql.Literal(limits[name])
            execute(connection, sql.SQL(_SOME).format(**names, limit=limit))
    for _ in range(PASSES):
        if not sum(_bring(connection, source, local, each) for each in refer):
            break
    yield replace(source, schema=local, shared=local)
    execute(connection, sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(local)))


def _bring(connection: Connection, source: Source, local: str, each: Reference) -> int:
    """Bring the rows that rows of ``local`` refer to, and return how many that were."""
    columns = [sql.Identifier("c", name) for name in each.columns]
    targets = [sql.Identifier("p", name) for name in each.target_columns]
    parent = sql.Identifier(local, each.target)
    comma = sql.SQL(", ")
    lacking = sql.SQL(_LACKING).format(
        texts=comma.join(column + sql.SQL("::text") for column in columns),
        child=sql.Identifier(local, each.table),
        columns=comma.join(columns),
        parent=parent,
        match=sql.SQL(" AND ").join(
            column + sql.SQL(" = ") + target
            for column, target in zip(columns, targets, strict=True)
        ),
    )
    keys = [
        sql.SQL("({})").format(comma.join(map(sql.Literal, key)))
        for key in fetch(connection, lacking)
    ]
    if not keys:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(_BRING).format(
                parent=parent,
                source=source.of(each.target),
                columns=comma.join(map(sql.Identifier, each.target_columns)),
                keys=comma.join(keys),
            )
        )
        return cursor.rowcount
