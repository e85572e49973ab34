"""Event triggers: they run at each statement that copies, and may refuse it."""

import psycopg2
from psycopg2.extensions import cursor as Cursor

from berceau.errors import CloneError

_ENABLED = """
SELECT evtname, proname FROM pg_event_trigger JOIN pg_proc p ON p.oid = evtfoid
WHERE evtenabled <> 'D' ORDER BY evtname
"""

_MAY_SET = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"


def silence(cursor: Cursor) -> None:
    """Let none run in a transaction that is rolled back, where the role may say so."""
    cursor.execute(_MAY_SET)
    if cursor.fetchall()[0][0]:
        since_17 = cursor.connection.server_version >= 170000
        setting = "event_triggers = off" if since_17 else "session_replication_role = replica"
        cursor.execute(f"SET LOCAL {setting}")


def explain(cursor: Cursor, source: str, error: psycopg2.Error) -> CloneError | None:
    """Return what a person needs to know where an event trigger raised ``error``, or None."""
    cursor.execute(_ENABLED)
    context = error.diag.context or ""
    names = [name for name, function in cursor.fetchall() if f"{function}(" in context]
    if not names:
        return None
    return CloneError(
        f"The schema {source!r} can't be copied: the event trigger {' or '.join(names)}, which "
        f"runs at each statement, stops it. PostgreSQL says: {error.diag.message_primary}",
        cure=f"As a superuser, switch it off until the schema is copied: ALTER EVENT TRIGGER "
        f"{names[0]} DISABLE.",
    )
