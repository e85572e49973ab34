"""How much the application asks of the database."""

from typing import Any

from berceau.orm.database import db


def queries_so_far(database: Any = db) -> int:
    """Return how many queries of ``database`` this thread has run since it began."""
    total = database.local_stats[None]
    return int(total.db_count or 0)
