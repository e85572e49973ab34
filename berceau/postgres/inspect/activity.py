"""What the sessions of a database do at this moment, and which of them wait for which."""

import re
from dataclasses import dataclass
from typing import Any

from berceau.planner.shapes import shape
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import fetch

LONGEST_TEXT = 2000

_SESSIONS = """
SELECT a.pid, coalesce(a.usename, ''), coalesce(a.application_name, ''), coalesce(a.state, ''),
       extract(epoch FROM clock_timestamp() - a.xact_start)::float8,
       extract(epoch FROM clock_timestamp() - a.query_start)::float8,
       concat_ws(': ', a.wait_event_type, a.wait_event), pg_blocking_pids(a.pid),
       coalesce(a.query, ''),
       ARRAY(SELECT concat_ws(' ', l.mode, 'on', c.relname,
                              CASE WHEN NOT l.granted THEN '(waits)' END)
             FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
             JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE l.pid = a.pid AND l.database = a.datid AND n.nspname <> 'pg_catalog'
               AND c.relkind IN ('r', 'p', 'm', 'v')
             ORDER BY l.granted, c.relname, l.mode LIMIT 20)
FROM pg_stat_activity a
WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
  AND a.backend_type = 'client backend'
ORDER BY cardinality(pg_blocking_pids(a.pid)) > 0 DESC, a.state = 'active' DESC,
         a.xact_start NULLS LAST, a.pid
LIMIT 200
"""
# The value of a setting may be a plain word.
_SETTING = re.compile(r"\A(SET (?:SESSION |LOCAL )?[\w.]+)\b.*", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Session:
    """A session of the server: what it does, in ``query`` without values, and its ``locks``.

    ``transaction`` and ``since`` are how long, in seconds, its transaction is open and what it says
    lasts; ``None`` where there is none. ``blockers`` are the process ids that it waits for. Of
    another role's session, only an administrator sees what it does.
    """

    pid: int
    role: str
    application: str
    state: str
    transaction: float | None
    since: float | None
    waits_for: str
    blockers: tuple[int, ...]
    query: str
    locks: tuple[str, ...]


def sessions(connection: Connection) -> tuple[Session, ...]:
    """Return the other sessions of the database, with those first that wait or work."""
    return tuple(_session(*row) for row in fetch(connection, _SESSIONS))


def _session(*row: Any) -> Session:
    pid, role, application, state, transaction, since, waits_for, blockers, query, locks = row
    return Session(
        pid,
        role,
        application,
        state,
        transaction,
        since,
        waits_for,
        tuple(blockers),
        _SETTING.sub(r"\1 ...", shape(query)[:LONGEST_TEXT]),
        tuple(locks),
    )
