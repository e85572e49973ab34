"""Rows that a unique index or an exclusion constraint doesn't allow beside each other."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg2 import Error, sql

from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import fetch, fetch_value
from berceau.schema.names import quote_name, words

SHOWN = 3
"""How many values are shown."""

PATIENCE = "10s"
"""How long to look for conflicts: an exclusion without = compares each row with all others."""

_RULES = """
SELECT coalesce(k.conname, c.relname),
       ARRAY(SELECT pg_get_indexdef(i.indexrelid, n, true)
             FROM generate_series(1, i.indnkeyatts) n ORDER BY n),
       ARRAY(SELECT format('OPERATOR(%%I.%%s)', nspname, oprname)
             FROM unnest(k.conexclop) WITH ORDINALITY e (op, n)
             JOIN pg_operator o ON o.oid = op JOIN pg_namespace s ON s.oid = oprnamespace
             ORDER BY n),
       pg_get_expr(i.indpred, i.indrelid),
       pg_get_indexdef(i.indexrelid) LIKE '%%) NULLS NOT DISTINCT%%',
       ARRAY(SELECT DISTINCT attname::text FROM pg_depend d
             JOIN pg_attribute a ON a.attrelid = refobjid AND a.attnum = refobjsubid
             WHERE refclassid = 'pg_class'::regclass AND refobjid = i.indrelid
               AND (d.classid, d.objid) IN (('pg_class'::regclass, i.indexrelid),
                                            ('pg_constraint'::regclass, k.oid)))
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.conrelid = i.indrelid
                         AND k.contype IN ('p', 'u', 'x')
WHERE i.indrelid = to_regclass(quote_ident(current_schema()) || '.' || quote_ident(%s))
  AND i.indisvalid AND (i.indisunique OR k.contype = 'x')
ORDER BY 1
"""


@dataclass(frozen=True)
class Rule:
    """What the index ``name`` demands of the rows ``where`` its predicate, if any, is true.

    Its ``keys`` are SQL over ``columns``. No two rows have the same keys or, where it has
    ``operators``, an exclusion's, keys that all of these relate. Unless ``nulls`` are equal, a row
    with one is never in conflict. A key's are the names after renames, an index's those before.
    """

    name: str
    keys: tuple[str, ...]
    operators: tuple[str, ...] = ()
    where: str | None = None
    nulls: bool = False
    columns: tuple[str, ...] = ()
    is_key: bool = False


def rules(connection: Connection, table: str) -> tuple[Rule, ...]:
    """Return what the indexes of ``table`` in the connection's schema demand of its rows."""
    return tuple(
        Rule(name, tuple(keys), tuple(operators), where, nulls, tuple(columns))
        for name, keys, operators, where, nulls, columns in fetch(connection, _RULES, (table,))
    )


def key(name: str, columns: Sequence[str]) -> Rule:
    """Return what a unique key of these ``columns`` demands."""
    return Rule(name, (*map(quote_name, columns),), columns=(*columns,), is_key=True)


@dataclass(frozen=True)
class Source:
    """The rows of ``table``, by the ``name`` that it gets, with new ``names`` by old ones."""

    table: str
    name: str
    names: Mapping[str, str]

    def of(self, texts: Iterable[str]) -> dict[str, str]:
        """Return of the names those that the SQL of ``texts`` may mention, old or new."""
        mentioned = words(" ".join(texts))
        return {old: new for old, new in self.names.items() if {old, new} & mentioned}

    def rows(self, names: Mapping[str, str]) -> sql.Composable:
        """Return the rows with these ``names``, as in FROM."""
        columns = (sql.SQL("{} AS {}").format(*map(sql.Identifier, pair)) for pair in names.items())
        return sql.SQL("(SELECT {} FROM {}) {}").format(
            sql.SQL(", ").join(columns), sql.Identifier(self.table), sql.Identifier(self.name)
        )


def count_nothing(connection: Connection, source: Source, value: str) -> int:
    """Count the rows for which ``value``, SQL over new names, is NULL; 0 where it can't be."""
    query = sql.SQL("SELECT count(*) FROM {} WHERE ({}) IS NULL").format(
        source.rows(source.of([value])), sql.SQL(value)
    )
    try:
        return int(fetch_value(connection, query))
    except Error:
        return 0  # what else is wrong with it, the statement itself will say


def conflicts(
    connection: Connection, source: Source, rule: Rule, values: Mapping[str, str]
) -> tuple[int, str]:
    """Return how many values of ``source`` break ``rule``, and some of them.

    ``values``, by new names of columns, are SQL for what they will hold. For an exclusion, counted
    are the rows that another one excludes. Where PostgreSQL can't compute it here, it is none.
    """
    used = source.of((*rule.keys, rule.where or "", *values.values()))
    held = sql.SQL(", ").join(
        sql.SQL("{} AS {}").format(
            sql.SQL(values.get(new, quote_name(new))), sql.Identifier(new if rule.is_key else old)
        )
        for old, new in used.items()
    )
    names = [sql.Identifier(f"value{n}") for n in range(len(rule.keys))]
    # By name: GROUP BY takes a constant for a column's number.
    keys = zip(map(sql.SQL, rule.keys), names, strict=True)
    computed = sql.SQL(
        "WITH computed AS MATERIALIZED (SELECT {keys}, row_number() OVER () AS number "
        "FROM (SELECT {held} FROM {rows}) held WHERE {where}) "
    ).format(
        keys=sql.SQL(", ").join(sql.SQL("{} AS {}").format(*each) for each in keys),
        held=held,
        rows=source.rows(used),
        where=sql.SQL(rule.where or "true"),
    )
    query = _excluded(rule.operators, names) if rule.operators else _repeated(rule.nulls, names)
    try:
        rows = _patiently(connection, computed + query)
    except Error:
        return 0, ""  # what else is wrong with it, the statement itself will say
    return (rows[0][1] if rows else 0), ", ".join(
        repr(value) + (f" {times} times" if times else "") for value, _, times in rows
    )


def _repeated(nulls: bool, names: Sequence[sql.Identifier]) -> sql.Composable:
    listed = sql.SQL(", ").join(names)
    condition = sql.SQL("true" if nulls else "({}) IS NOT NULL").format(listed)
    return sql.SQL(
        "SELECT concat_ws(', ', {names}), count(*) OVER (), count(*) FROM computed "
        "WHERE {condition} GROUP BY {names} HAVING count(*) > 1 ORDER BY 3 DESC, 1 LIMIT {shown}"
    ).format(names=listed, condition=condition, shown=sql.Literal(SHOWN))


def _excluded(operators: Sequence[str], names: Sequence[sql.Identifier]) -> sql.Composable:
    related = sql.SQL(" AND ").join(
        sql.SQL("a.{name} {operator} b.{name}").format(name=name, operator=sql.SQL(operator))
        for name, operator in zip(names, operators, strict=True)
    )
    return sql.SQL(
        "SELECT concat_ws(', ', {names}), count(*) OVER (), NULL FROM computed a "
        "WHERE EXISTS (SELECT FROM computed b WHERE a.number <> b.number AND {related}) "
        "ORDER BY 1 LIMIT {shown}"
    ).format(
        names=sql.SQL(", ").join(sql.SQL("a.{}").format(name) for name in names),
        related=related,
        shown=sql.Literal(SHOWN),
    )


def _patiently(connection: Connection, query: sql.Composable) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout')")
        ((before,),) = cursor.fetchall()
        try:
            cursor.execute("SELECT set_config('statement_timeout', %s, false)", (PATIENCE,))
            cursor.execute(query)
            return cursor.fetchall()
        finally:
            cursor.execute("SELECT set_config('statement_timeout', %s, false)", (before,))
