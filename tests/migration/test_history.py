from datetime import UTC, datetime

import pytest

from berceau.errors import HistoryError
from berceau.migration.history import Applied, compare
from berceau.migration.script import Script

FIRST = Script("20260101000000_first", "SELECT 1;")
SECOND = Script("20260102000000_second", "SELECT 2;")


def applied(script: Script) -> Applied:
    return Applied(script.name, script.checksum, datetime(2026, 1, 3, tzinfo=UTC))


def test_what_the_ledger_lacks_is_pending() -> None:
    history = compare([FIRST, SECOND], [applied(FIRST)])
    assert history.pending == (SECOND,)
    history.require_sound()


def test_a_changed_file_is_named() -> None:
    edited = Script(FIRST.name, "SELECT 'changed';")
    history = compare([edited], [applied(FIRST)])
    assert [each.name for each in history.edited] == [FIRST.name]
    with pytest.raises(HistoryError, match=FIRST.name):
        history.require_sound()


def test_a_lost_file_is_named() -> None:
    history = compare([SECOND], [applied(FIRST)])
    assert [each.name for each in history.missing] == [FIRST.name]
    with pytest.raises(HistoryError, match=FIRST.name):
        history.require_sound()
