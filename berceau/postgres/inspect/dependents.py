"""What uses tables, columns and types: views, functions, checks and indexes with expressions ..."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import fetch
from berceau.postgres.inspect.users_of_enums import users_of_enums
from berceau.schema.lowering import InTheWay
from berceau.schema.model import Schema
from berceau.schema.names import quote_name
from berceau.schema.rename_changes import columns_after
from berceau.schema.renaming import RenameEnum, RenameLabel, Renaming

# Left out is what a schema's model has of its tables: constraints, indexes, defaults, sequences.
# Checks and indexes with expressions are listed: they hold the type of a column.
_USERS = """
WITH t AS (
    SELECT c.oid, c.relname, c.reltype, y.typarray
    FROM pg_class c JOIN pg_type y ON y.oid = c.reltype
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace = quote_ident(current_schema())::regnamespace
), used AS (
    SELECT t.relname, d.refobjsubid AS number, t.oid, d.* FROM t
    JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = t.oid
    UNION ALL
    SELECT t.relname, 0, t.oid, d.* FROM t
    JOIN pg_depend d ON d.refclassid = 'pg_type'::regclass AND d.refobjid IN (t.reltype, t.typarray)
)
SELECT DISTINCT u.relname, a.attname, CASE
           WHEN u.classid = 'pg_rewrite'::regclass AND r.rulename <> '_RETURN' THEN 'rule'
           WHEN u.classid = 'pg_rewrite'::regclass THEN 'view'
           WHEN u.classid = 'pg_class'::regclass AND o.relkind IN ('r', 'p') AND u.objsubid = 0
               THEN 'child'
           WHEN u.classid = 'pg_class'::regclass THEN 'column of its rows'
           WHEN u.classid = 'pg_statistic_ext'::regclass THEN 'statistics'
           ELSE 'other' END,
       replace(CASE WHEN r.rulename = '_RETURN'
           THEN pg_describe_object('pg_class'::regclass, r.ev_class, 0)
           ELSE pg_describe_object(u.classid, u.objid, u.objsubid) END,
           quote_ident(current_schema()) || '.', ''),
       coalesce(r.ev_class, p.polrelid, g.tgrelid, s.stxrelid, l.prrelid) IS NOT DISTINCT FROM u.oid
FROM used u
LEFT JOIN pg_attribute a ON a.attrelid = u.oid AND a.attnum = u.number AND u.number > 0
LEFT JOIN pg_rewrite r ON u.classid = 'pg_rewrite'::regclass AND r.oid = u.objid
LEFT JOIN pg_policy p ON u.classid = 'pg_policy'::regclass AND p.oid = u.objid
LEFT JOIN pg_trigger g ON u.classid = 'pg_trigger'::regclass AND g.oid = u.objid
LEFT JOIN pg_statistic_ext s ON u.classid = 'pg_statistic_ext'::regclass AND s.oid = u.objid
LEFT JOIN pg_publication_rel l ON u.classid = 'pg_publication_rel'::regclass AND l.oid = u.objid
LEFT JOIN pg_class o ON u.classid = 'pg_class'::regclass AND o.oid = u.objid
WHERE u.deptype IN ('n', 'a') AND u.classid NOT IN ('pg_constraint'::regclass,
                                                     'pg_attrdef'::regclass)
  AND NOT coalesce(g.tgisinternal, false)
  AND (o.oid IS NULL OR o.relkind IN ('r', 'p', 'c', 'f')) AND u.objid <> u.oid
UNION ALL
SELECT c.relname, a.attname, 'other', 'the partitioning of table ' || c.relname, true
FROM pg_partitioned_table k JOIN pg_class c ON c.oid = k.partrelid
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND (
    a.attnum = ANY (k.partattrs)
    OR strpos(pg_get_expr(k.partexprs, c.oid), quote_ident(a.attname)) > 0)
WHERE c.relnamespace = quote_ident(current_schema())::regnamespace
UNION ALL
SELECT c.relname, a.attname, 'expression', pg_describe_object(d.classid, d.objid, 0), true
FROM pg_class c JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid AND a.attnum > 0
LEFT JOIN pg_constraint k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid
LEFT JOIN pg_index i ON d.classid = 'pg_class'::regclass AND i.indexrelid = d.objid
WHERE c.relnamespace = quote_ident(current_schema())::regnamespace AND c.relkind IN ('r', 'p')
  AND (k.contype = 'c' OR i.indpred IS NOT NULL OR i.indexprs IS NOT NULL)
UNION ALL
SELECT '', NULL, 'adornment', typname, true FROM pg_type t
WHERE typtype = 'e' AND typnamespace = quote_ident(current_schema())::regnamespace
  AND (typacl IS NOT NULL OR obj_description(oid, 'pg_type') IS NOT NULL OR EXISTS (
      SELECT FROM pg_default_acl WHERE defaclobjtype = 'T' AND defaclrole = typowner
          AND defaclnamespace IN (0, typnamespace)))
"""


@dataclass(frozen=True, order=True)
class User:
    """What uses a ``column`` of ``table``, or the table itself where that is empty.

    ``name`` is as PostgreSQL describes it: view v, policy p on table t. Its ``kind`` is what a
    change does to it. A ``part`` of the table goes with it. An "adornment", a comment or rights
    other than those of a new type, is that of the enum ``name``. Of kind "type" is what uses the
    enum ``table`` otherwise than by columns of tables, and of kind "label" what stands aside while
    that is rebuilt, and names its label ``column``.
    """

    table: str
    column: str
    kind: str
    name: str
    part: bool = False

    @property
    def place(self) -> tuple[str, str]:
        """The table and the column."""
        return self.table, self.column

    @property
    def steps_aside(self) -> bool:
        """Whether it can stand aside while a column gets another type."""
        return self.kind in ("view", "rule")

    @property
    def is_expression(self) -> bool:
        """Whether it is a check or an index of the table, with an expression."""
        return self.kind == "expression"

    @property
    def bears_types(self) -> bool:
        """Whether PostgreSQL lets a column that it uses get another type."""
        return self.kind == "statistics" or self.steps_aside or self.is_expression


def users(connection: Connection) -> frozenset[User]:
    """Return what uses tables of the schema that the connection's search_path names first."""
    of_tables = (
        User(table, column or "", kind, name, part)
        for table, column, kind, name, part in fetch(connection, _USERS)
    )
    return frozenset((*of_tables, *_of_enums(connection)))


def _of_enums(connection: Connection) -> Iterator[User]:
    for each in users_of_enums(connection):
        if each.bars:
            yield User(each.enum, "", "type", each.name)
        for label in each.labels:
            yield User(each.enum, label, "label", each.name)


def users_after(changes: Iterable[Renaming], found: Iterable[User]) -> frozenset[User]:
    """Return what is ``found``, by the names that tables and columns have after ``changes``."""
    changes = tuple(changes)
    renamed = set()
    enums = {each.before: each.after for each in changes if isinstance(each, RenameEnum)}
    labels = {
        (each.enum, each.before): each.after for each in changes if isinstance(each, RenameLabel)
    }
    for each in found:
        if each.kind == "adornment":
            renamed.add(replace(each, name=enums.get(each.name, each.name)))
            continue
        if each.kind in ("type", "label"):
            enum = enums.get(each.table, each.table)
            label = labels.get((enum, each.column), each.column)
            renamed.add(replace(each, table=enum, column=label))
            continue
        ((table, column),) = columns_after(changes, [(each.table, each.column)])
        renamed.add(replace(each, table=table, column=column))
    return frozenset(renamed)


def viewers(schema: Schema) -> Iterator[User]:
    """Yield the views that keep names of the tables of ``schema`` for a release of before."""
    for table in schema.tables:
        for old in table.old_names:
            for _, column in old.columns:
                yield User(table.name, column, "view", f"view {quote_name(old.name)}")


def in_the_way(found: Iterable[User]) -> InTheWay:
    """Return the columns that can't get another type before something of ``found`` stands aside."""
    found = tuple(found)
    return InTheWay(
        frozenset(each.place for each in found if each.column and each.steps_aside),
        frozenset(each.place for each in found if each.is_expression),
        frozenset(each.name for each in found if each.kind == "adornment"),
    )


def users_of_sequence(
    connection: Connection, name: str, besides: Iterable[tuple[str, str]]
) -> tuple[str, ...]:
    """Return what takes numbers from the sequence ``name``, as a person calls it.

    ``besides`` are columns, as (table, column), that don't count.
    """
    return tuple(
        described
        for (described,) in fetch(
            connection,
            """
            SELECT DISTINCT pg_describe_object(d.classid, d.objid, d.objsubid)
            FROM pg_class s
            JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = s.oid
            LEFT JOIN pg_attrdef a ON d.classid = 'pg_attrdef'::regclass AND a.oid = d.objid
            LEFT JOIN pg_class t ON t.oid = a.adrelid
            LEFT JOIN pg_attribute c ON c.attrelid = t.oid AND c.attnum = a.adnum
            WHERE s.relname = %s AND s.relnamespace = quote_ident(current_schema())::regnamespace
              AND s.relkind = 'S' AND d.deptype = 'n'
              AND (t.oid IS NULL OR to_jsonb(ARRAY[t.relname, c.attname]) <> ALL (%s::jsonb[]))
            ORDER BY 1
            """,
            (name, [json.dumps(place) for place in besides]),
        )
    )
