"""Keeps a migration in its schema, which the connection names: it changes nothing else."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from berceau.errors import MigrationError, StatementError
from berceau.migration.transaction_groups import TransactionGroup
from berceau.postgres.core.connection import Connection, beside
from berceau.postgres.core.fetch import fetch, fetch_value, filled
from berceau.postgres.core.locks import HELD, key
from berceau.postgres.runner.deploy_lock import lock_name

_IS_FOREIGN = """
n.nspname <> %(schema)s AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
"""
# Mostly a transaction locked nothing elsewhere in a way that may mean a change: to see that takes
# half the time in a new session, which has to read the catalog for whatever a query names.
_LOCKS = f"""
SELECT locktype FROM pg_locks l
WHERE {HELD} OR pid = pg_backend_pid() AND locktype = 'relation' AND database <> 0
    AND mode = ANY (ARRAY['RowExclusiveLock', 'ShareLock', 'AccessExclusiveLock'])
    AND coalesce((SELECT relnamespace FROM pg_class WHERE oid = l.relation), 0) <> ALL (ARRAY[
        'pg_catalog'::regnamespace, 'pg_toast'::regnamespace,
        coalesce(to_regnamespace(quote_ident(%(schema)s))::oid, 0)])
"""  # noqa: S608 - our own text
# Its locks show what a transaction changed. A foreign key that comes or goes locks what it refers
# to as well, without changing it: an altered relation is a new row of pg_class, of this
# transaction or a part of it; a dropped one is none.
_TOUCHED = f"""
SELECT string_agg(DISTINCT c.oid::regclass::text, ', ')
           FILTER (WHERE {_IS_FOREIGN}
                   AND (l.mode IN ('RowExclusiveLock', 'ShareLock')
                        OR l.mode = 'AccessExclusiveLock' AND age(c.xmin) <= 0)),
       array_agg(DISTINCT l.relation) FILTER (WHERE c.oid IS NULL)
FROM pg_locks l
    LEFT JOIN pg_class c ON c.oid = l.relation
    LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE l.locktype = 'relation' AND l.pid = pg_backend_pid()
  AND l.database <> 0  -- that of tables which all databases share
"""  # noqa: S608 - our own text
_FOREIGN_AMONG = f"""
SELECT string_agg(c.oid::regclass::text, ', ')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = ANY (%(gone)s) AND {_IS_FOREIGN}
"""  # noqa: S608 - our own text
_SCHEMA_OF = """
SELECT nspname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE c.oid = to_regclass(%s)
"""
_CURE = (
    "Each dry run would change it again. Take the schema out of the names, and search_path out "
    "of the migration: the database URL names the schema."
)


class SchemaGuard:
    """Guards the ``schema``, which the search_path of ``connection`` names first."""

    def __init__(self, connection: Connection, schema: str) -> None:
        self.connection = connection
        self._name = schema

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
        self.is_locked_and_untouched()

    def is_locked_and_untouched(self, script: str = "") -> bool:
        """Return whether the session has the schema's deploy lock; raise as ``require_untouched``.

        One look at its locks shows both. The ``script`` is run before it, in the same call.
        """
        values = {"schema": self._name, "key": key(lock_name(self._name))}
        asked = filled(self.connection, _LOCKS, values)
        kinds = {kind for (kind,) in fetch(self.connection, script + asked)}
        if "relation" in kinds:
            self._examine()
        return "advisory" in kinds

    def _examine(self) -> None:
        ((touched, gone),) = fetch(self.connection, _TOUCHED, {"schema": self._name})
        if touched is None and gone:
            touched = self._foreign_among(gone)
        if touched is not None:
            raise _strayed(touched)

    def _foreign_among(self, gone: Sequence[int]) -> str | None:
        """Return which relations of other schemas are ``gone``; a rewritten table leaves some, too.

        Another session sees those that the open transaction dropped. To remember all there are
        would take the longer the more schemas a database has.
        """
        with beside(self.connection) as other:
            found: str | None = fetch_value(
                other, _FOREIGN_AMONG, {"schema": self._name, "gone": gone}
            )
            return found

    def require_ours(self, table: str) -> None:
        """Raise ``MigrationError`` where ``table``, as SQL, is another schema's."""
        schema = fetch_value(self.connection, _SCHEMA_OF, (table,))
        if schema not in (None, self._name):
            raise _strayed(table)


def _strayed(what: str) -> MigrationError:
    return MigrationError(f"it changes {what}, which is outside of its schema.", cure=_CURE)
