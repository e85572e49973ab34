"""What uses enum types: what keeps them from being rebuilt, and what names their labels."""

from collections.abc import Iterator
from typing import NamedTuple

from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import fetch
from berceau.schema.conversions import named_labels

# Left out are the columns of the schema's tables. What uses one of these, or a view over them, is
# "aside": it stands aside, or is told with the columns. The columns of a view are there wherever
# its query is, and parts of something, such as the functions of a range, wherever that is. What
# Citus hides in pg_class, the parts of tables on several servers, changes with these.
_USERS = """
WITH RECURSIVE enum AS (
    SELECT oid, typarray, typname FROM pg_type
    WHERE typtype = 'e' AND typnamespace = quote_ident(current_schema())::regnamespace
), held AS (
    SELECT a.attrelid AS relation, a.attnum AS number
    FROM enum e JOIN pg_attribute a ON a.atttypid IN (e.oid, e.typarray) AND a.attnum > 0
    JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace = quote_ident(current_schema())::regnamespace
), aside AS (
    SELECT d.classid, d.objid FROM held h JOIN pg_depend d
    ON d.refclassid = 'pg_class'::regclass
        AND (d.refobjid, d.refobjsubid) = (h.relation, h.number)
    UNION
    SELECT d.classid, d.objid FROM aside o
    JOIN pg_rewrite r ON o.classid = 'pg_rewrite'::regclass AND r.oid = o.objid
        AND r.rulename = '_RETURN'
    JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = r.ev_class
)
SELECT DISTINCT e.typname, CASE WHEN r.rulename = '_RETURN'
           THEN pg_describe_object('pg_class'::regclass, r.ev_class, 0)
           ELSE pg_describe_object(d.classid, d.objid, d.objsubid) END,
       a.objid IS NOT NULL,
       ARRAY(SELECT enumlabel::text FROM pg_enum WHERE enumtypid = e.oid),
       CASE WHEN a.objid IS NOT NULL THEN concat(
           pg_get_ruledef(r.oid), pg_get_constraintdef(k.oid), pg_get_indexdef(i.indexrelid),
           CASE WHEN w.relkind = 'v' THEN pg_get_expr(v.adbin, v.adrelid) END) END
FROM enum e JOIN pg_depend d
ON d.refclassid = 'pg_type'::regclass AND d.refobjid IN (e.oid, e.typarray)
LEFT JOIN aside a ON (a.classid, a.objid) = (d.classid, d.objid)
LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
LEFT JOIN pg_constraint k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid
LEFT JOIN pg_index i ON i.indexrelid = c.oid
LEFT JOIN pg_attrdef v ON d.classid = 'pg_attrdef'::regclass AND v.oid = d.objid
LEFT JOIN pg_class w ON w.oid = v.adrelid
WHERE (c.relkind IN ('v', 'm')) IS NOT TRUE
  AND (r.oid IS NOT NULL OR i.indexrelid IS NOT NULL OR NOT EXISTS (
      SELECT FROM pg_depend p WHERE (p.classid, p.objid, p.objsubid, p.deptype)
          = (d.classid, d.objid, d.objsubid, 'i')))
  AND (d.classid <> 'pg_class'::regclass OR c.oid IS NOT NULL)
  AND (v.oid IS NULL OR w.oid IS NOT NULL)
  AND (k.conrelid IS NULL OR k.conrelid = 0
       OR EXISTS (SELECT FROM pg_class WHERE oid = k.conrelid))
  AND NOT EXISTS (SELECT FROM held WHERE (relation, number) = (c.oid, d.objsubid))
"""


class UserOfEnum(NamedTuple):
    """What uses the type ``enum``, by its ``name`` for a person, and which ``labels`` it names.

    Where it ``bars`` the way, that can't be rebuilt. Otherwise, what it names has to stay.
    """

    enum: str
    name: str
    bars: bool
    labels: tuple[str, ...]


def users_of_enums(connection: Connection) -> Iterator[UserOfEnum]:
    """Yield what uses the enums of the schema that the connection's search_path names first."""
    for enum, name, aside, labels, definition in fetch(connection, _USERS):
        named = tuple(named_labels(definition, enum, labels)) if definition else ()
        yield UserOfEnum(enum, name, not aside, named)
