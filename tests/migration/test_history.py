from datetime import UTC, datetime

import pytest

from berceau.errors import HistoryError
from berceau.migration.history import Revision, compare
from berceau.migration.migration import Migration

FIRST = Migration("20260101000000_first", "SELECT 1;")
SECOND = Migration("20260102000000_second", "SELECT 2;")


def applied(migration: Migration) -> Revision:
    return Revision(migration.name, migration.checksum, datetime(2026, 1, 3, tzinfo=UTC))


def test_what_the_ledger_lacks_is_pending() -> None:
    history = compare([FIRST, SECOND], [applied(FIRST)])
    assert history.pending == (SECOND,)
    history.require_sound()


def test_a_changed_file_is_named() -> None:
    edited = Migration(FIRST.name, "SELECT 'changed';")
    history = compare([edited], [applied(FIRST)])
    assert [each.name for each in history.edited] == [FIRST.name]
    with pytest.raises(HistoryError, match=FIRST.name):
        history.require_sound()


def test_a_lost_file_is_named() -> None:
    history = compare([SECOND], [applied(FIRST)])
    assert [each.name for each in history.missing] == [FIRST.name]
    with pytest.raises(HistoryError, match=FIRST.name):
        history.require_sound()


def squash(*replaced: Migration) -> Migration:
    names = ", ".join(migration.name for migration in replaced)
    return Migration("20260102000000_squashed", f"-- Replaces: {names}\n\nSELECT 1; SELECT 2;")


def test_a_squash_is_recorded_where_all_that_it_replaces_was_applied() -> None:
    migration = squash(FIRST, SECOND)
    history = compare([migration], [applied(FIRST), applied(SECOND)])
    assert (history.replacing, history.pending, history.missing) == ((migration,), (), ())
    history.require_sound()


def test_a_squash_is_pending_where_nothing_was_applied() -> None:
    migration = squash(FIRST, SECOND)
    history = compare([migration], [])
    assert (history.replacing, history.pending) == ((), (migration,))
    history.require_sound()


def test_a_squash_that_was_recorded_is_settled() -> None:
    migration = squash(FIRST, SECOND)
    history = compare([migration], [applied(FIRST), applied(SECOND), applied(migration)])
    assert (history.replacing, history.pending, history.missing) == ((), (), ())


def test_a_database_between_is_told_what_it_lacks() -> None:
    history = compare([squash(FIRST, SECOND)], [applied(FIRST)])
    with pytest.raises(HistoryError, match=f"lacks {SECOND.name}"):
        history.require_sound()


def test_all_contradictions_are_found_not_only_the_first() -> None:
    edited = Migration(FIRST.name, "SELECT 'changed';")
    history = compare([edited], [applied(FIRST), applied(SECOND)])
    assert [each.code for each in history.contradictions] == ["M002", "M003"]


def test_two_branches_are_not_deployed() -> None:
    rivals = [Migration(s.name, f"-- Parent: none\n{s.sql}") for s in (FIRST, SECOND)]
    with pytest.raises(HistoryError, match="two branches"):
        compare(rivals, []).require_sound()
