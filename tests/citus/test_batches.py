"""Backfills in batches, of tables that Citus has here, on one server, on all, or in parts."""

import pytest

from tests.citus.test_placements import TO_A_SERVER

# By hand, as the migrations here.
PLACEMENTS = {
    "here": (),
    "schema": (TO_A_SERVER,),
    "reference": ("SELECT create_reference_table('shop')", "SELECT create_reference_table('sale')"),
    "parts": (
        "SELECT create_reference_table('shop')",
        "SELECT create_distributed_table('sale', 'id')",
    ),
}
FIRST, SECOND = "20260101000000_first", "20260101000001_fill"
TABLES = """
CREATE TABLE sale (id int PRIMARY KEY, hits int NOT NULL DEFAULT 0, at timestamptz);
CREATE TABLE shop (id int PRIMARY KEY);
"""
ROWS = "INSERT INTO sale (id) SELECT n FROM generate_series(1, 3000) n"
FILL = """
-- Batches: above 100 rows, target 20 ms, pause 0
UPDATE sale SET hits = hits + 1, at = statement_timestamp() WHERE at IS NULL;
"""


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_each_row_is_updated_once_wherever_citus_has_it(placed, ask, placement) -> None:
    placed.migration(FIRST, TABLES)
    placed.succeed("migrate.deploy")
    ask(ROWS)
    for command in PLACEMENTS[placement]:
        ask(command)
    placed.migration(SECOND, FILL)
    placed.succeed("migrate.deploy")
    assert ask("SELECT count(DISTINCT at) > 3 FROM sale") == [(True,)]
    assert ask("SELECT min(hits), max(hits), count(*) FROM sale") == [(1, 1, 3000)]
