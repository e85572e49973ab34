"""What tests of UPDATEs in batches share."""

import pytest

from berceau.postgres.core.fetch import execute
from berceau.postgres.runner.row_ranges import KeyRanges, PageRanges
from tests.postgres.runner.batches import COLUMNS


@pytest.fixture
def small(monkeypatch) -> None:
    """Let a batch have seven rows, or one page, whatever time it takes."""
    for ranges, size in ((KeyRanges, 7), (PageRanges, 1)):
        monkeypatch.setattr(ranges, "first", size)
        monkeypatch.setattr(ranges, "largest", size)


@pytest.fixture
def numbered(connection) -> None:
    """A table t of 100 rows, with a number as its key."""
    execute(connection, f"CREATE TABLE t (id int PRIMARY KEY, {COLUMNS})")
    execute(connection, "INSERT INTO t SELECT n, n FROM generate_series(1, 100) n")
