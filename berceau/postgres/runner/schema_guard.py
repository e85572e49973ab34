"""Keeps a migration in its schema, which the connection names: it changes nothing else."""

from collections.abc import Iterable
from itertools import pairwise

from berceau.errors import MigrationError, StatementError
from berceau.migration.transaction_groups import TransactionGroup
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import fetch_value

_IS_FOREIGN = """
relnamespace <> %(schema)s::regnamespace AND relnamespace NOT IN (
    SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_' OR nspname = 'information_schema')
"""
_ELSEWHERE = f"SELECT oid FROM pg_class WHERE {_IS_FOREIGN}"  # noqa: S608 - our own text
# Its locks show what a transaction changed. A foreign key that comes or goes locks what it refers
# to as well, without changing it: an altered relation is a new row of pg_class, of this
# transaction or a part of it; a dropped one is none.
_TOUCHED = f"""
SELECT string_agg(DISTINCT coalesce(c.oid::regclass::text, 'a table that is gone'), ', ')
FROM pg_locks l LEFT JOIN pg_class c ON c.oid = l.relation
WHERE l.locktype = 'relation' AND l.pid = pg_backend_pid()
  AND CASE WHEN c.oid IS NULL THEN l.relation = ANY (%(elsewhere)s::oid[])
           WHEN {_IS_FOREIGN} THEN l.mode IN ('RowExclusiveLock', 'ShareLock')
               OR l.mode = 'AccessExclusiveLock' AND age(c.xmin) <= 0 END
"""  # noqa: S608 - our own text
_SCHEMA_OF = "SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = to_regclass(%s)"
_CURE = (
    "Each dry run would change it again. Take the schema out of the names, and search_path out "
    "of the migration: the database URL names the schema."
)


class SchemaGuard:
    """Guards the schema that the search_path of ``connection`` names first when it is made."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_schema(), quote_ident(current_schema())")
            self._name, self._quoted = cursor.fetchall()[0]
            cursor.execute(_ELSEWHERE, {"schema": self._quoted})
            self._elsewhere = [oid for (oid,) in cursor.fetchall()]

    def require_unnamed(self, groups: Iterable[TransactionGroup]) -> None:
        """Raise ``StatementError`` for a statement that names the schema, as others are called."""
        ours = {(self._name, "."), (f'"{self._name}"', ".")}
        for group in groups:
            for number, statement in group.numbered():
                if ours & set(pairwise(statement.head)):
                    reason = f"it names the schema {self._name}, which the database URL chooses."
                    raise StatementError(
                        f"Statement {number}: {reason}",
                        where=group.place(number),
                        cure="Take the schema out of the names.",
                        number=number,
                        reason=reason,
                    )

    def require_untouched(self) -> None:
        """Raise ``MigrationError`` where the open transaction changed a relation elsewhere."""
        touched = fetch_value(
            self.connection, _TOUCHED, {"schema": self._quoted, "elsewhere": self._elsewhere}
        )
        if touched is not None:
            raise _strayed(touched)

    def require_ours(self, table: str) -> None:
        """Raise ``MigrationError`` where ``table``, as SQL, is another schema's."""
        schema = fetch_value(self.connection, _SCHEMA_OF, (table,))
        if schema not in (None, self._quoted):
            raise _strayed(table)


def _strayed(what: str) -> MigrationError:
    return MigrationError(f"it changes {what}, which is outside of its schema.", cure=_CURE)
