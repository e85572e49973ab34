from datetime import UTC, datetime

import pytest

from berceau.migration.history import Revision, compare
from berceau.migration.migration import Migration
from berceau.migration.phases import knows, phases, required

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FIRST = Migration("20260101000000_first", "SELECT 1;")


def migrations(kinds: str) -> list[Migration]:
    """Return a migration for each letter: e for expand, c for contract."""
    return [
        Migration(f"2026010{number}000000_{kind}", f"-- Phase: {word}\nSELECT 1;")
        for number, kind in enumerate(kinds, 2)
        for word in ["contract" if kind == "c" else "expand"]
    ]


PENDING = {
    "": (0, 0, 0),
    "e": (1, 0, 1),
    "c": (0, 1, 0),
    "ee": (2, 0, 2),
    "ec": (1, 1, 1),
    "ce": (0, 2, 1),
    "ece": (1, 2, 2),
    "cc": (0, 2, 0),
    "ecec": (1, 3, 2),
}


@pytest.mark.parametrize(("kinds", "counts"), PENDING.items())
def test_what_stands_behind_a_contract_waits_with_it(kinds, counts) -> None:
    pending = migrations(kinds)
    applied = Revision(FIRST.name, FIRST.checksum, NOW, sql=FIRST.sql)
    found = phases(compare([FIRST, *pending], [applied]))
    assert (*found.ready, *found.waiting) == (*pending,)
    assert (len(found.ready), len(found.waiting), len(found.needed)) == counts


@pytest.mark.parametrize("kinds", PENDING)
def test_an_empty_database_gets_all(kinds) -> None:
    pending = migrations(kinds)
    found = phases(compare(pending, []))
    assert (found.ready, found.waiting) == ((*pending,), ())


SQUASH = Migration(
    "20260105000000_all", "-- Replaces: 20260101000000_first, 20260105000000_fifth\nSELECT 1;"
)


@pytest.mark.parametrize(
    ("newest", "migration", "answer"),
    [
        (None, FIRST, False),
        (FIRST.name, FIRST, True),
        ("20260102000000_e", FIRST, True),
        ("20251231000000_before", FIRST, False),
        ("20260105000000_fifth", SQUASH, True),
        ("20260101000000_first", SQUASH, False),
        ("20260105000000_aa", SQUASH, False),
    ],
)
def test_who_knows_a_migration(newest, migration, answer) -> None:
    assert knows(newest, migration) is answer


def test_a_contract_by_hand_needs_a_release_that_has_it() -> None:
    every = migrations("ece")
    assert required(every, every[1]) == every[1]
