"""The objects of one schema moved to another."""

from contextlib import suppress

import psycopg2
from psycopg2 import sql

from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute, fetch

# What belongs to a table goes with it, as do the parts of an extension.
_CONTENTS = """
SELECT found.type, found.identity
FROM pg_depend d, pg_identify_object(d.classid, d.objid, 0) AS found
WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = to_regnamespace(quote_ident(%s))
  AND d.deptype = 'n' AND NOT EXISTS (
    SELECT FROM pg_depend o WHERE o.classid = d.classid AND o.objid = d.objid
      AND o.deptype IN ('a', 'i', 'e'))
ORDER BY d.classid, d.objid
"""


def move_contents(connection: Connection, source: str, target: str) -> None:
    """Move all objects of the schema ``source`` to ``target``; the connection is in autocommit.

    What can't be moved, since there is one of its name, stays.
    """
    for kind, identity in fetch(connection, _CONTENTS, (source,)):
        word = "type" if kind == "composite type" else kind
        text = sql.SQL("ALTER {} {} SET SCHEMA {}").format(
            sql.SQL(word), sql.SQL(identity), sql.Identifier(target)
        )
        with suppress(psycopg2.ProgrammingError):
            execute(connection, text)
