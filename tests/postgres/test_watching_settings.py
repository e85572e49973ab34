"""The settings in docs/production that count queries and log the plans of slow ones."""

from pathlib import Path

import pytest

from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import execute, fetch_value

DOCS = Path(__file__).parents[2] / "docs"
FILE = DOCS / "production" / "postgresql.conf"


@pytest.mark.slow
def test_the_plan_of_a_slow_query_is_logged_with_its_id(embedded) -> None:
    own = embedded.folder / "postgresql.conf"
    before = own.read_text()
    settings = FILE.read_text()
    assert "log_min_duration = '1s'" in settings
    own.write_text(before + settings)
    try:
        embedded.start()
        with connect(embedded.runtime_url) as connection:
            assert fetch_value(connection, "SHOW auto_explain.log_parameter_max_length") == "0"
            execute(connection, "SELECT 'fast'")
            execute(connection, "SELECT 'slow' FROM pg_sleep(1.01)")
        embedded.stop()
    finally:
        own.write_text(before)
    log = embedded.log.read_text()
    (line,) = (each for each in log.splitlines() if "plan:" in each)
    assert "berceau_app@berceau query_id=" in line
    assert "query_id=0 " not in line
    assert '"Node Type": "Function Scan"' in log
    assert "SELECT 'slow' FROM pg_sleep(1.01)" in log
    assert "'fast'" not in log


def test_the_guide_shows_what_the_file_has() -> None:
    page = (DOCS / "guide" / "queries.md").read_text()
    block = page.partition("```ini\nshared_preload_libraries")[2].partition("```")[0]
    lines = f"shared_preload_libraries{block}".splitlines()
    assert len(lines) == 6
    assert set(lines) <= set(FILE.read_text().splitlines())
