"""Rows that have expired are cleared away where others are written."""

from typing import Any

from berceau.orm import db

AT_ONCE = 20
"""How many rows a request clears away at most."""


def clear_expired(entity: Any) -> None:
    """Delete some rows of ``entity`` whose ``expires_at`` is over.

    What other requests are at is left out, so that none waits for another.
    """
    table = entity._table_
    db.execute(
        f"""
        DELETE FROM {table} WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM {table} WHERE expires_at < statement_timestamp()
            LIMIT {AT_ONCE} FOR UPDATE SKIP LOCKED
        ))
        """  # noqa: S608 - the names of our own tables
    )
