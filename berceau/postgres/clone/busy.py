"""Who is in the way of a copy, and for how long to try again."""

from collections.abc import Sequence

from psycopg2.extensions import cursor as Cursor

BUSY_SECONDS = 30.0
"""For how long to try again where others lock or alter what is needed."""
WAIT = "50ms"
"""How long to wait for a lock while holding others. PostgreSQL looks for deadlocks after a second:
who waits shorter is hardly ever the reason that another session is ended as one's victim."""
READERS_WAIT = "5ms"
"""The same for who holds locks for seconds, as who reads a schema does."""

# First who holds or waits for a lock that no reader gets past, then who is altering anything.
_SESSIONS = """
SELECT format('process %%s%%s: %%s', pid, ' (' || nullif(application_name, '') || ')',
              left(coalesce(query, 'its query is hidden from this role'), 200))
FROM pg_stat_activity a
CROSS JOIN LATERAL (
    SELECT coalesce(bool_or(relation = ANY (%(relations)s::oid[])), false) AS known,
           count(*) > 0 AS strong
    FROM pg_locks l
    WHERE l.pid = a.pid AND locktype = 'relation'
      AND mode IN ('AccessExclusiveLock', 'ExclusiveLock', 'ShareRowExclusiveLock',
                   'ShareLock', 'RowExclusiveLock')
) locks
WHERE datname = current_database() AND pid <> pg_backend_pid()
  AND (strong OR backend_xid IS NOT NULL)
ORDER BY known DESC, strong DESC, pid
LIMIT 5
"""


def in_the_way(cursor: Cursor, relations: Sequence[int] = ()) -> str:
    """Return a line for each session that may be in the way, first those that lock ``relations``.

    A line has the process, the name of its application, and its query.
    """
    cursor.execute(_SESSIONS, {"relations": list(relations)})
    return "".join(f"\n    {text}" for (text,) in cursor.fetchall())


CURE = "Wait until it is done, or end it: SELECT pg_terminate_backend(PROCESS)."
