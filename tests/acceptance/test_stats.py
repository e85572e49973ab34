"""``invoke stats.save``: what it writes, and what it says before it does."""

from dataclasses import replace

import pytest

from berceau.planner.statistics_file import from_text
from tests.conftest import Project


@pytest.fixture
def shop(connected, query) -> Project:
    query(
        "CREATE TABLE person (id int PRIMARY KEY, email text, country text);"
        "INSERT INTO person SELECT i, 'p' || i || '@example.org', 'fr'"
        " FROM generate_series(1, 300) i;"
        "ANALYZE person"
    )
    return connected


def test_statistics_are_saved_without_values_and_the_cost_is_said(shop) -> None:
    said = shop.succeed("stats.save")
    assert "No values of rows are in it." in said
    # The server counts the queries of other tests, too.
    assert "wrote statistics/berceau.json: 1 table, 1 index, " in said
    file = shop.root / "statistics" / "berceau.json"
    text = file.read_text()
    assert "example.org" not in text
    assert "fr" not in [word.strip('"{}') for word in text.split()]
    assert from_text(text).table("person").size.reltuples == 300
    shop.succeed("stats.save")
    again = from_text(file.read_text())
    assert replace(again, queries=()) == replace(from_text(text), queries=())


def test_with_values_it_says_whose(shop) -> None:
    shop.write("pyproject.toml", '[tool.berceau.statistics]\nprivate = ["person.country"]\n')
    said = shop.succeed("stats.save", "shop.json", "--values")
    assert "Values of rows of 1 column are in it: read the file" in said
    assert "2 columns kept back, by name or type: person.country, person.email." in said
    text = (shop.root / "shop.json").read_text()
    assert "most_common_vals" not in text
    assert "histogram_bounds" in text  # of the ids


def test_what_cannot_be_read_is_one_message(connected) -> None:
    assert "has no tables" in connected.fail("stats.save")
    assert "This project has no tenants" in connected.fail("stats.save", "--tenant", "acme")
    connected.write("pyproject.toml", "[tool.berceau.statistics]\nprivate = 1\n")
    assert 'Write private = ["invoice.*"] under [tool.berceau.statistics]' in connected.fail(
        "stats.save"
    )
    assert not (connected.root / "statistics").exists()
