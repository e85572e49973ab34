"""An UPDATE in batches, and the table that it is for."""

from berceau.postgres.core.fetch import fetch

NAME = "20260101000000_fill"
FILL = """-- Batches: above {} rows, pause 0
UPDATE {} SET new = old * 2, hits = hits + 1 WHERE new IS NULL;
"""
COLUMNS = "old int, new int, hits int NOT NULL DEFAULT 0"
DOUBLED = [(100, 1, 1)]


def doubled(connection, name="t") -> list[tuple[int, int, int]]:
    """Return how many rows there are, and how often each was updated, and check their values."""
    assert fetch(connection, f"SELECT FROM {name} WHERE new IS DISTINCT FROM old * 2") == []
    return fetch(connection, f"SELECT count(*), min(hits), max(hits) FROM {name}")


def transactions(connection) -> int:
    """Return how many transactions wrote the rows of t as they are now."""
    return fetch(connection, "SELECT count(DISTINCT xmin::text) FROM t")[0][0]
