"""``pg_catalog`` read as a ``Schema``: what a PostgreSQL schema really holds."""

import re
from collections import defaultdict
from collections.abc import Mapping

from berceau.column_options import COLUMN_OPTIONS, COLUMN_STORAGE
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import fetch_value
from berceau.postgres.core.fetch_together import Rows, fetch_together
from berceau.postgres.core.own_tables import OWN_TABLES
from berceau.postgres.inspect import additions
from berceau.schema.model import (
    Action,
    Check,
    Column,
    Constraint,
    Enum,
    ForeignKey,
    Index,
    PrimaryKey,
    RawConstraint,
    Schema,
    Table,
    Unique,
)
from berceau.schema.numbering import SequenceOptions, numbering, serial, with_shared

_ACTIONS: dict[str, Action] = {
    "a": "NO ACTION",
    "r": "RESTRICT",
    "c": "CASCADE",
    "n": "SET NULL",
    "d": "SET DEFAULT",
}

_GENERATED = {"s": "STORED", "v": "VIRTUAL"}

_OF_EXTENSION = """
EXISTS (SELECT FROM pg_depend d
        WHERE d.classid = '{}'::regclass AND d.objid = {}.oid AND d.deptype = 'e')
"""

_ENUMS = f"""
SELECT t.typname, array_remove(array_agg(e.enumlabel::text ORDER BY e.enumsortorder), NULL)
FROM pg_type t LEFT JOIN pg_enum e ON e.enumtypid = t.oid
WHERE t.typtype = 'e' AND t.typnamespace = %(schema)s::regnamespace
  AND NOT {_OF_EXTENSION.format("pg_type", "t")}
GROUP BY t.typname ORDER BY t.typname COLLATE "C"
"""  # noqa: S608 - our own text

_TABLES = f"""
SELECT c.oid, c.relname FROM pg_class c
WHERE c.relkind IN ('r', 'p') AND c.relnamespace = %(schema)s::regnamespace
  AND c.relname <> ALL (%(own)s) AND NOT {_OF_EXTENSION.format("pg_class", "c")}
ORDER BY c.relname COLLATE "C"
"""  # noqa: S608 - our own text

_OTHERS = f"""
WITH t AS (SELECT * FROM pg_class WHERE relkind IN ('r', 'p')
           AND relnamespace = %(schema)s::regnamespace AND relname <> ALL (%(own)s))
SELECT oid, 'partitions' FROM t WHERE relkind = 'p'
UNION ALL SELECT oid, 'row security' FROM t WHERE relrowsecurity
UNION ALL SELECT oid, 'UNLOGGED' FROM t WHERE relpersistence = 'u'
UNION ALL SELECT oid, 'forced row security' FROM t WHERE relforcerowsecurity
UNION ALL SELECT oid, 'storage parameters' FROM t WHERE reloptions IS NOT NULL
    OR EXISTS (SELECT FROM pg_class o WHERE o.oid = t.reltoastrelid AND o.reloptions IS NOT NULL)
UNION ALL SELECT oid, 'replica identity' FROM t WHERE relreplident <> 'd'
UNION ALL SELECT oid, 'type ' || reloftype::regtype FROM t WHERE reloftype <> 0
UNION ALL SELECT t.oid, 'tablespace ' || spcname FROM t
    JOIN pg_tablespace s ON s.oid = t.reltablespace
UNION ALL SELECT t.oid, 'access method ' || amname FROM t
    JOIN pg_am m ON m.oid = t.relam AND amname <> 'heap'
UNION ALL SELECT DISTINCT t.oid, 'settings of column ' || a.attname FROM t
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type y ON y.oid = a.atttypid
    WHERE a.attstattarget >= 0 OR {COLUMN_OPTIONS} IS NOT NULL OR a.attcompression <> ''
       OR a.attstorage <> y.typstorage
UNION ALL SELECT t.oid, 'publication ' || p.pubname FROM t
    JOIN pg_publication_rel l ON l.prrelid = t.oid JOIN pg_publication p ON p.oid = l.prpubid
UNION ALL SELECT t.oid, 'clustering' FROM t JOIN pg_index i ON i.indrelid = t.oid
    WHERE i.indisclustered
UNION ALL SELECT t.oid, 'parent ' || i.inhparent::regclass FROM t
    JOIN pg_inherits i ON i.inhrelid = t.oid
UNION ALL SELECT t.oid, 'child ' || i.inhrelid::regclass FROM t
    JOIN pg_inherits i ON i.inhparent = t.oid
UNION ALL SELECT t.oid, 'trigger ' || g.tgname FROM t
    JOIN pg_trigger g ON g.tgrelid = t.oid AND NOT g.tgisinternal
    JOIN pg_proc p ON p.oid = g.tgfoid
    WHERE NOT (starts_with(g.tgname, %(prefix)s) AND starts_with(p.prosrc, %(ours)s))
UNION ALL SELECT t.oid, 'policy ' || p.polname FROM t JOIN pg_policy p ON p.polrelid = t.oid
UNION ALL SELECT t.oid, 'rule ' || r.rulename FROM t JOIN pg_rewrite r ON r.ev_class = t.oid
UNION ALL SELECT t.oid, 'statistics ' || s.stxname FROM t
    JOIN pg_statistic_ext s ON s.stxrelid = t.oid
ORDER BY 1, 2
"""  # noqa: S608 - our own text

_COLUMNS = f"""
SELECT a.attrelid, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       pg_get_expr(d.adbin, d.adrelid), a.attidentity <> '',
       (SELECT s.relname FROM pg_depend own JOIN pg_class s ON s.oid = own.objid
        WHERE own.classid = 'pg_class'::regclass AND own.refclassid = 'pg_class'::regclass
          AND own.refobjid = a.attrelid AND own.refobjsubid = a.attnum AND s.relkind = 'S'
        ORDER BY own.deptype = 'i' DESC, d.oid IS NOT NULL AND EXISTS (
            SELECT FROM pg_depend used WHERE used.classid = 'pg_attrdef'::regclass
              AND used.objid = d.oid AND used.refobjid = s.oid) DESC, s.relname
        LIMIT 1),
       a.attgenerated,
       CASE WHEN a.attcollation NOT IN (0, t.typcollation) THEN a.attcollation::regcollation::text
       END,
       {COLUMN_STORAGE}
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE c.relkind IN ('r', 'p') AND c.relnamespace = %(schema)s::regnamespace
  AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
"""  # noqa: S608 - our own text

_SEQUENCES = """
SELECT c.relname, format_type(s.seqtypid, NULL), s.seqincrement, s.seqmin, s.seqmax, s.seqstart,
       s.seqcache, s.seqcycle
FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid
WHERE c.relnamespace = %(schema)s::regnamespace
"""

_CONSTRAINTS = """
SELECT c.conrelid, c.contype, c.conname, c.conkey, target.relname,
       ARRAY(SELECT a.attname::text FROM unnest(c.confkey) WITH ORDINALITY k (number, place)
             JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.number
             ORDER BY k.place),
       c.confdeltype, pg_get_expr(c.conbin, c.conrelid), c.convalidated, c.condeferred,
       CASE WHEN {unusual} THEN pg_get_constraintdef(c.oid) END
FROM pg_constraint c
JOIN pg_class own ON own.oid = c.conrelid  -- here, Citus hides the parts of distributed tables
LEFT JOIN pg_class target ON target.oid = c.confrelid
LEFT JOIN pg_index i ON i.indexrelid = c.conindid AND i.indrelid = c.conrelid
WHERE c.connamespace = %(schema)s::regnamespace AND c.contype IN ('p', 'u', 'c', 'f', 'x')
ORDER BY c.conname COLLATE "C"
"""

_UNUSUAL = """
    c.contype = 'x' OR c.connoinherit AND c.contype = 'c'
    OR c.condeferrable AND NOT (c.contype = 'u' AND c.condeferred)
    OR i.indnullsnotdistinct OR i.indnatts > i.indnkeyatts
    OR c.contype = 'f' AND (c.confmatchtype <> 's' OR c.confupdtype <> 'a'
                            OR c.confdelsetcols IS NOT NULL
                            OR NOT pg_table_is_visible(c.confrelid))
"""
_UNUSUAL_SINCE_18 = _UNUSUAL + " OR c.conperiod OR NOT c.conenforced"

_INDEXES = """
SELECT i.indrelid, c.relname, pg_get_indexdef(i.indexrelid), m.amname, i.indisunique,
       pg_get_expr(i.indpred, i.indrelid), i.indisvalid
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_am m ON m.oid = c.relam
WHERE c.relnamespace = %(schema)s::regnamespace
  AND NOT EXISTS (SELECT FROM pg_constraint k
                  WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
ORDER BY c.relname COLLATE "C"
"""

_QUOTED_OR_EDGE = re.compile(r'"(?:[^"]|"")*"|E\'(?:[^\'\\]|\'\'|\\.)*\'|\'(?:[^\']|\'\')*\'|[(),]')

Relation = str
"""The oid of a table."""


def read(connection: Connection) -> Schema:
    """Return the enums and tables of the schema that the connection's search_path names first.

    Names of that schema stand unqualified in types, defaults and expressions. Berceau's own
    ledger is left out. Whatever other sessions commit meanwhile, it is the schema of one moment.
    """
    parameters = {
        "own": list(OWN_TABLES),
        "schema": fetch_value(connection, "SELECT quote_ident(current_schema())"),
        **additions.PARAMETERS,
    }
    unusual = _UNUSUAL if connection.server_version < 180000 else _UNUSUAL_SINCE_18
    constraint_rows = _CONSTRAINTS.format(unusual=unusual)
    own = (_COLUMNS, _SEQUENCES, constraint_rows, _INDEXES, _OTHERS, _ENUMS, _TABLES)
    rows = fetch_together(connection, (*own, *additions.QUERIES), parameters)
    sequences = {name: SequenceOptions(*options) for name, *options in rows[_SEQUENCES]}
    columns = _columns(rows[_COLUMNS], sequences)
    constraints = _constraints(rows[constraint_rows], rows[_COLUMNS])
    indexes = _indexes(rows[_INDEXES])
    others = defaultdict(list)
    for oid, other in rows[_OTHERS]:
        others[oid].append(other)
    add = additions.read(rows)
    return with_shared(
        Schema(
            enums=tuple(Enum(name, tuple(labels)) for name, labels in rows[_ENUMS]),
            tables=tuple(
                add(oid, _table(name, columns[oid], constraints[oid], indexes[oid], others[oid]))
                for oid, name in rows[_TABLES]
            ),
        )
    )


def _columns(rows: Rows, sequences: Mapping[str, SequenceOptions]) -> dict[Relation, list[Column]]:
    found = defaultdict(list)
    for relation, _, name, sql_type, not_null, expression, *rest in rows:
        identity, sequence, kind, collation, storage = rest
        default = None if kind else expression
        generated = f"({expression}) {_GENERATED[kind]}" if kind else None
        options = sequences.get(serial(default) or sequence or "")
        found[relation].append(
            Column(
                name,
                sql_type,
                not_null,
                default,
                identity,
                sequence,
                generated=generated,
                collation=collation,
                numbering=numbering(sql_type, options) if options else None,
                storage=tuple(storage),
            )
        )
    return found


def _constraints(rows: Rows, column_rows: Rows) -> dict[Relation, list[Constraint]]:
    names = {(relation, number): name for relation, number, name, *_ in column_rows}
    found: dict[Relation, list[Constraint]] = defaultdict(list)
    for relation, kind, name, numbers, target, target_columns, *rest in rows:
        action, check, valid, deferred, definition = rest
        if definition is not None and kind != "f":
            found[relation].append(RawConstraint(name, definition))
            continue
        columns = tuple(names[relation, number] for number in numbers or ())
        match kind:
            case "p":
                found[relation].append(PrimaryKey(name, columns))
            case "u":
                found[relation].append(Unique(name, columns, deferred=deferred))
            case "c":
                found[relation].append(Check(name, check, valid))
            case "f":
                targets = tuple(target_columns)
                definition = definition and definition.removesuffix(" NOT VALID")
                found[relation].append(
                    ForeignKey(name, columns, target, targets, _ACTIONS[action], valid, definition)
                )
    return found


def _indexes(rows: Rows) -> dict[Relation, list[Index]]:
    found = defaultdict(list)
    for relation, name, definition, method, unique, where, valid in rows:
        if definition is None:  # dropped meanwhile: functions of the catalog see what is newest
            continue
        body = definition.partition(f" USING {method} (")[2]
        keys, end = _keys(body)
        options = body[end:].strip()
        if where is not None:
            options = options.removesuffix(f"WHERE {where}").strip()
        found[relation].append(Index(name, keys, method, unique, where, options, valid))
    return found


def _keys(text: str) -> tuple[tuple[str, ...], int]:
    """Split an index's keys at their commas; also return where the parenthesis closes."""
    keys, start, depth = [], 0, 0
    for token in _QUOTED_OR_EDGE.finditer(text):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if depth < 0 or (depth == 0 and token[0] == ","):
            keys.append(text[start : token.start()].strip())
            start = token.end()
        if depth < 0:
            break
    return tuple(keys), start


def _table(
    name: str,
    columns: list[Column],
    constraints: list[Constraint],
    indexes: list[Index],
    others: list[str],
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
        raw_constraints=tuple(each for each in constraints if isinstance(each, RawConstraint)),
        others=tuple(others),
    )
