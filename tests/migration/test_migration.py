from datetime import UTC, datetime

import pytest

from berceau.errors import MigrationError, MigrationFileError
from berceau.migration.migration import Migration, check_name, new_name

NOON = datetime(2026, 5, 4, 12, 0, 0, tzinfo=UTC)


def test_a_name_is_the_time_and_what_it_does() -> None:
    assert new_name("add_tags", NOON, None) == "20260504120000_add_tags"


def test_a_name_sorts_after_the_last_even_if_the_clock_is_behind() -> None:
    assert new_name("b", NOON, "20270101000000_a") == "20270101000001_b"
    assert new_name("b", NOON, "20260504120000_a") == "20260504120001_b"


@pytest.mark.parametrize("slug", ["", "Add", "a b", "../a", "é"])
def test_a_slug_that_makes_no_good_folder_is_refused(slug: str) -> None:
    with pytest.raises(MigrationError, match="can't be named"):
        new_name(slug, NOON, None)


@pytest.mark.parametrize(
    "name",
    [
        "init",
        "2026_init",
        "20260504120000",
        "20260504120000_A",
        "20261304120000_a",
        "20260229120000_a",
        "20260504240000_a",
        "2026050412000٣_a",
    ],
)
def test_a_folder_that_is_no_migration_is_refused(name: str) -> None:
    with pytest.raises(MigrationFileError, match=name):
        check_name(name)


def test_the_checksum_ignores_line_ends_and_nothing_else() -> None:
    assert Migration("n", "a;\r\nb;").checksum == Migration("m", "a;\nb;").checksum
    assert Migration("n", "a;").checksum != Migration("n", "a; ").checksum
