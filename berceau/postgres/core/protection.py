"""Tables that only their owner may write, whatever default privileges grant."""

from psycopg2 import sql

from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute, fetch

OTHER_WRITERS = """
SELECT DISTINCT a.grantee::regrole::text
FROM pg_class c, aclexplode(c.relacl) a
WHERE c.oid = to_regclass({name}) AND a.grantee NOT IN (0, c.relowner)
  AND a.privilege_type IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')
"""
"""Which roles, besides its owner, may write the table ``name``, as SQL names them."""
_REVOKE = "REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {table} FROM {roles}"


def protect(connection: Connection, table: sql.Identifier) -> None:
    """Let only the owner of ``table`` write it.

    Default privileges may have granted the runtime role all data rights at its creation.
    """
    name = sql.Literal(table.as_string(connection))
    roles = [
        sql.SQL(role) for (role,) in fetch(connection, sql.SQL(OTHER_WRITERS).format(name=name))
    ]
    if roles:
        revoke = sql.SQL(_REVOKE).format(table=table, roles=sql.SQL(", ").join(roles))
        execute(connection, revoke)
