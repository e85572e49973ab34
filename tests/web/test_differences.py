"""The page of differences says each hazard and lock once, whatever the number of statements."""

from types import SimpleNamespace
from typing import Any

import pytest

from berceau.schema.sql import Hazard, Lock, Statement
from berceau.web import differences

UP = [
    Statement("CREATE TABLE tag (id integer)"),
    *(
        Statement(f"ALTER TABLE post ADD COLUMN c{number} integer", lock=Lock.ACCESS_EXCLUSIVE)
        for number in range(3)
    ),
    Statement("CREATE INDEX post_c0_idx ON post (c0)", lock=Lock.SHARE),
    Statement(
        "ALTER TABLE post DROP COLUMN old",
        hazards=frozenset({Hazard.DATA_LOSS}),
        lock=Lock.ACCESS_EXCLUSIVE,
    ),
]


@pytest.fixture
def page(serve, monkeypatch) -> Any:
    plan = SimpleNamespace(up=UP, changes=("a change",))
    found = differences.Difference(SimpleNamespace(plan=plan, questions=()))
    monkeypatch.setattr(differences, "look", lambda _settings: found)
    return serve(includes=["berceau.web.differences"]).get("/", status=503).html


def test_a_lock_is_said_once_for_all_statements_that_take_it(page) -> None:
    said = " ".join(page.main.text.split())
    assert "locks tables that exist: ACCESS EXCLUSIVE (4 statements), SHARE (1 statement)." in said
    assert "This loses data. (1 statement)" in said


def test_the_sql_is_one_region_that_scrolls_and_tells_hazards_where_they_are(page) -> None:
    (sql,) = page.select("pre")
    assert sql["tabindex"] == "0"
    assert sql["role"] == "region"
    assert sql["aria-label"] == "The SQL of the migration"
    assert "-- loses data\nALTER TABLE post DROP COLUMN old;" in sql.text
    assert all(str(each) in sql.text for each in UP)
