"""``pg_catalog`` read as a ``Schema``: what a PostgreSQL schema really holds."""

from collections import defaultdict
from typing import Any

from psycopg2.extensions import connection as Connection

from berceau.postgres.ledger import LEDGER
from berceau.schema.model import (
    Action,
    Check,
    Column,
    Constraint,
    Enum,
    ForeignKey,
    Index,
    PrimaryKey,
    Schema,
    Table,
    Unique,
)

_ACTIONS: dict[str, Action] = {
    "a": "NO ACTION",
    "r": "RESTRICT",
    "c": "CASCADE",
    "n": "SET NULL",
    "d": "SET DEFAULT",
}

_ENUMS = """
SELECT t.typname, array_remove(array_agg(e.enumlabel::text ORDER BY e.enumsortorder), NULL)
FROM pg_type t LEFT JOIN pg_enum e ON e.enumtypid = t.oid
WHERE t.typtype = 'e' AND t.typnamespace = %(schema)s::regnamespace
GROUP BY t.typname ORDER BY t.typname COLLATE "C"
"""

_TABLES = """
SELECT c.oid, c.relname FROM pg_class c
WHERE c.relkind IN ('r', 'p') AND c.relnamespace = %(schema)s::regnamespace
  AND c.relname <> %(ledger)s
ORDER BY c.relname COLLATE "C"
"""

_COLUMNS = """
SELECT a.attrelid, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       pg_get_expr(d.adbin, d.adrelid), a.attidentity <> '',
       (SELECT s.relname FROM pg_depend own JOIN pg_class s ON s.oid = own.objid
        WHERE own.classid = 'pg_class'::regclass AND own.refclassid = 'pg_class'::regclass
          AND own.refobjid = a.attrelid AND own.refobjsubid = a.attnum AND s.relkind = 'S')
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE c.relkind IN ('r', 'p') AND c.relnamespace = %(schema)s::regnamespace
  AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
"""

_CONSTRAINTS = """
SELECT c.conrelid, c.contype, c.conname, c.conkey, target.relname, c.confrelid, c.confkey,
       c.confdeltype, pg_get_expr(c.conbin, c.conrelid)
FROM pg_constraint c LEFT JOIN pg_class target ON target.oid = c.confrelid
WHERE c.connamespace = %(schema)s::regnamespace AND c.contype IN ('p', 'u', 'c', 'f')
  AND c.conrelid <> 0
ORDER BY c.conname COLLATE "C"
"""

_INDEXES = """
SELECT i.indrelid, c.relname,
       ARRAY(SELECT pg_get_indexdef(i.indexrelid, n, false)
             FROM generate_series(1, i.indnkeyatts) n),
       m.amname, i.indisunique, pg_get_expr(i.indpred, i.indrelid)
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_am m ON m.oid = c.relam
WHERE c.relnamespace = %(schema)s::regnamespace
  AND NOT EXISTS (SELECT FROM pg_constraint k
                  WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
ORDER BY c.relname COLLATE "C"
"""

Rows = list[tuple[Any, ...]]
Relation = int
"""The oid of a table."""


def read(connection: Connection) -> Schema:
    """Return the enums and tables of the schema that the connection's search_path names first.

    Names of that schema stand unqualified in types, defaults and expressions. Berceau's own
    ledger is left out.
    """
    with connection.cursor() as cursor:

        def rows(query: str) -> Rows:
            cursor.execute(query, parameters)
            return cursor.fetchall()

        parameters = {"ledger": LEDGER}
        parameters["schema"] = rows("SELECT quote_ident(current_schema())")[0][0]
        column_rows = rows(_COLUMNS)
        columns = _columns(column_rows)
        constraints = _constraints(rows(_CONSTRAINTS), column_rows)
        indexes = _indexes(rows(_INDEXES))
        return Schema(
            enums=tuple(Enum(name, tuple(labels)) for name, labels in rows(_ENUMS)),
            tables=tuple(
                _table(name, columns[oid], constraints[oid], indexes[oid])
                for oid, name in rows(_TABLES)
            ),
        )


def _columns(rows: Rows) -> dict[Relation, list[Column]]:
    found = defaultdict(list)
    for relation, _, *facts in rows:
        found[relation].append(Column(*facts))
    return found


def _constraints(rows: Rows, column_rows: Rows) -> dict[Relation, list[Constraint]]:
    names = {(relation, number): name for relation, number, name, *_ in column_rows}
    found: dict[Relation, list[Constraint]] = defaultdict(list)
    for relation, kind, name, numbers, target, target_oid, target_numbers, action, check in rows:
        columns = tuple(names[relation, number] for number in numbers or ())
        match kind:
            case "p":
                found[relation].append(PrimaryKey(name, columns))
            case "u":
                found[relation].append(Unique(name, columns))
            case "c":
                found[relation].append(Check(name, check))
            case "f":
                targets = tuple(names[target_oid, number] for number in target_numbers)
                found[relation].append(ForeignKey(name, columns, target, targets, _ACTIONS[action]))
    return found


def _indexes(rows: Rows) -> dict[Relation, list[Index]]:
    found = defaultdict(list)
    for relation, name, keys, method, unique, where in rows:
        found[relation].append(Index(name, tuple(keys), method, unique, where))
    return found


def _table(
    name: str, columns: list[Column], constraints: list[Constraint], indexes: list[Index]
) -> Table:
    primary_keys = [each for each in constraints if isinstance(each, PrimaryKey)]
    return Table(
        name=name,
        columns=tuple(columns),
        primary_key=primary_keys[0] if primary_keys else None,
        uniques=tuple(each for each in constraints if isinstance(each, Unique)),
        checks=tuple(each for each in constraints if isinstance(each, Check)),
        foreign_keys=tuple(each for each in constraints if isinstance(each, ForeignKey)),
        indexes=tuple(indexes),
    )
