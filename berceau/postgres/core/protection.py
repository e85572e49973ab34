"""Tables that only their owner may write, whatever default privileges grant."""

from psycopg2 import sql

from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute, fetch

OTHER_WRITERS = """
SELECT a.grantee::regrole::text
FROM pg_class c, aclexplode(c.relacl) a
WHERE c.oid = to_regclass({name}) AND a.grantee NOT IN (0, c.relowner)
  AND a.privilege_type IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')
"""
"""Which roles, besides its owner, may write the table ``name``, as SQL names them: by each right.

DISTINCT would make a new session read more of the catalog.
"""
_REVOKE = "REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {table} FROM {roles}"


def protect(connection: Connection, table: sql.Identifier, script: str = "") -> None:
    """Let only the owner of ``table`` write it, once it was made by a ``script``, if one is given.

    Default privileges may have granted the runtime role all data rights at its creation.
    """
    name = sql.Literal(table.as_string(connection))
    query = sql.SQL(f"{script};{OTHER_WRITERS}").format(table=table, name=name)
    roles = [sql.SQL(role) for role in sorted({role for (role,) in fetch(connection, query)})]
    if roles:
        revoke = sql.SQL(_REVOKE).format(table=table, roles=sql.SQL(", ").join(roles))
        execute(connection, revoke)
