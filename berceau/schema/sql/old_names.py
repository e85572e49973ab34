"""The view by which a release of before finds a table that has another name by now, as SQL."""

from collections.abc import Iterator

from berceau.schema.names import quote_literal, quote_name
from berceau.schema.renaming import EndName, KeepName
from berceau.schema.sql.render import render
from berceau.schema.statement import Statement

COMMENT = "Berceau keeps this name of a table for a release of before"
"""What the comment of such a view says: it is how it is told from the views of others."""

# The caller needs the same rights as for the table, and its row security counts: else the view
# would look with the rights of its owner.
_VIEW = """CREATE VIEW {view} WITH (security_invoker = true) AS
    SELECT {columns} FROM {table}"""

_RIGHTS = """DO $berceau$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT format('GRANT %s%s ON {view} TO %s%s', a.privilege_type, a.columns,
                      CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END,
                      CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
        FROM (SELECT acl.*, '' AS columns, c.relowner FROM pg_class c, aclexplode(c.relacl) acl
              WHERE c.oid = {table}::regclass
              UNION ALL
              SELECT acl.*, format(' (%I)', col.attname), c.relowner
              FROM pg_class c JOIN pg_attribute col ON col.attrelid = c.oid,
                   aclexplode(col.attacl) acl
              WHERE c.oid = {table}::regclass) a
        WHERE a.grantee <> a.relowner
          AND a.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
    LOOP
        EXECUTE statement;
    END LOOP;
    SELECT format('ALTER VIEW {view} OWNER TO %s', t.relowner::regrole) INTO statement
    FROM pg_class t, pg_class v
    WHERE t.oid = {table}::regclass AND v.oid = {name}::regclass AND t.relowner <> v.relowner;
    IF FOUND THEN
        EXECUTE statement;
    END IF;
END
$berceau$"""


@render.register
def _(change: KeepName) -> Iterator[Statement]:
    view, table = quote_name(change.old.name), quote_name(change.table)
    columns = ", ".join(
        quote_name(now) if then == now else f"{quote_name(now)} AS {quote_name(then)}"
        for then, now in change.old.columns
    )
    yield Statement(_VIEW.format(view=view, columns=columns, table=table))
    yield Statement(f"COMMENT ON VIEW {view} IS {quote_literal(COMMENT)}")
    quoted = view.replace("'", "''").replace("%", "%%")
    yield Statement(
        _RIGHTS.format(view=quoted, table=quote_literal(table), name=quote_literal(view))
    )


@render.register
def _(change: EndName) -> Iterator[Statement]:
    yield Statement(f"DROP VIEW {quote_name(change.old.name)}")
