"""Schemas behind a scratch schema: their extensions serve a dry run, all else is hidden."""

from collections.abc import Callable
from itertools import pairwise

import psycopg2
from psycopg2 import errorcodes

from berceau.errors import MigrationError
from berceau.migration.splitter import ParsedStatement
from berceau.migration.transaction_groups import TransactionGroup
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute, fetch_value
from berceau.postgres.inspect.scratch import STAND_IN
from berceau.postgres.runner.execution import Run

_PATHS = """
WITH path AS (
    SELECT place, nspname AS name,
           place > 1 AND coalesce(obj_description(oid, 'pg_namespace') = %s, false) AS stands_in
    FROM unnest(current_schemas(false)) WITH ORDINALITY p (name, place)
    JOIN pg_namespace ON nspname = p.name
)
SELECT string_agg(quote_ident(name), ', ' ORDER BY place) FILTER (WHERE place = 1 OR stands_in),
       current_setting('search_path'),
       coalesce(array_agg(name::text ORDER BY place) FILTER (WHERE place > 1 AND NOT stands_in),
                '{}')
FROM path
"""
_OBJECTS = """
SELECT classid::bigint, objid::bigint FROM pg_depend
WHERE refclassid = 'pg_namespace'::regclass AND classid <> 'pg_class'::regclass
  AND refobjid IN (SELECT oid FROM pg_namespace WHERE nspname = ANY (%(behind)s))
"""
# A lock is kept to the transaction's end, and shows what it used or dropped. What is altered
# without one has a new row, which is of this transaction, or of a part of it.
_REACHED = """
WITH n AS (SELECT oid FROM pg_namespace WHERE nspname = ANY (%(behind)s)),
mine AS (SELECT * FROM pg_locks WHERE pid = pg_backend_pid())
SELECT min(what) FROM (
    SELECT c.oid::regclass::text FROM mine JOIN pg_class c ON c.oid = relation
    WHERE locktype = 'relation' AND relnamespace IN (SELECT oid FROM n)
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                      AND d.objid = c.oid AND d.deptype = 'e')
    UNION ALL
    SELECT coalesce(pg_describe_object(classid, objid, 0), 'what is gone') FROM mine
    JOIN unnest(%(classes)s::bigint[], %(objects)s::bigint[]) o (class, object)
        ON classid = class AND objid = object
    WHERE locktype = 'object' AND mode IN ('AccessExclusiveLock', 'ShareUpdateExclusiveLock')
    UNION ALL
    SELECT oid::regprocedure::text FROM pg_proc
    WHERE pronamespace IN (SELECT oid FROM n) AND age(xmin) <= 0
    UNION ALL
    SELECT t.oid::regtype::text FROM pg_type t LEFT JOIN pg_enum e ON e.enumtypid = t.oid
    WHERE typnamespace IN (SELECT oid FROM n) AND (age(t.xmin) <= 0 OR age(e.xmin) <= 0)
) found (what)
"""
UNDEFINED = (errorcodes.UNDEFINED_OBJECT, errorcodes.UNDEFINED_FUNCTION)
_OWN_TRANSACTION = ("savepoint", "release", "rollback", "set")


class Behind:
    """The search path of a scratch schema, with the schemas behind it and without them.

    What stands in for the schema that tenants share is a part of a tenant's, as in the database.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        with connection.cursor() as cursor:
            cursor.execute(_PATHS, (STAND_IN,))
            self.alone, self.whole, behind = cursor.fetchall()[0]
            self._known: dict[str, list[str] | list[int]] = {"behind": behind}
            if behind:
                cursor.execute(_OBJECTS, self._known)
                found = cursor.fetchall()
                self._known["classes"] = [class_ for class_, _ in found]
                self._known["objects"] = [each for _, each in found]

    def __bool__(self) -> bool:
        return bool(self._known["behind"])

    @property
    def reaching(self) -> str:
        """The statement after which the transaction finds what is behind."""
        return f"SET LOCAL search_path = {self.whole}"

    def run(self, run: Run, group: TransactionGroup, statement: ParsedStatement) -> None:
        """Let ``run`` run ``statement`` with what is behind, or without where that is in the way.

        What drops something, or leaves alone what doesn't exist, shall not find it behind.
        """

        def without() -> None:
            run(group, statement)

        def reaching() -> None:
            self._execute(self.reaching)
            run(group, statement)
            self.require_unreached()
            self._execute(f"SET LOCAL search_path = {self.alone}")

        if statement.head[:1] and statement.head[0] in _OWN_TRANSACTION:
            without()
        elif is_careful(statement):
            self._one_or_other(without, reaching)
        else:
            self._one_or_other(reaching, without)

    def _one_or_other(self, one: Callable[[], None], other: Callable[[], None]) -> None:
        self._execute("SAVEPOINT berceau_behind")
        try:
            one()
        except (psycopg2.Error, MigrationError) as error:
            if isinstance(error, psycopg2.Error) and error.pgcode not in UNDEFINED:
                raise
            self._execute("ROLLBACK TO SAVEPOINT berceau_behind")
            other()
        self._execute("RELEASE SAVEPOINT berceau_behind")

    def require_unreached(self) -> None:
        """Raise ``MigrationError`` where the open transaction used more than extensions."""
        found = fetch_value(self.connection, _REACHED, self._known)
        if found is not None:
            raise MigrationError(
                f"it uses {found}, which no migration creates.",
                cure="Create it in an earlier migration: other databases don't have it.",
            )

    def out_of_reach(self, error: psycopg2.Error) -> MigrationError:
        """Return the cure for a block that commits, and didn't find what is behind."""
        schemas = ", ".join(map(str, self._known["behind"]))
        return MigrationError(
            f"{error.diag.message_primary}. In a dry run, a block that commits finds no extension "
            f"of the schema {schemas}.",
            cure="Remove COMMIT and ROLLBACK from the block or procedure: a migration may have "
            "several blocks, each in its own transaction. Or install the extension in a separate "
            "schema, and write that schema before its names.",
        )

    def _execute(self, text: str) -> None:
        execute(self.connection, text)


def is_careful(statement: ParsedStatement) -> bool:
    """Return whether ``statement`` may be about something that isn't there."""
    return statement.head[:1] == ("drop",) or ("if", "exists") in pairwise(statement.head)
