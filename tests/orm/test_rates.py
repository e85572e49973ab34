"""What is counted in a table is right, however many count at the same time."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from pony.orm import Optional, PrimaryKey, Required

from berceau.errors import EntityError
from berceau.orm.database import GlobalDatabase
from berceau.orm.rates import CLEARED, Counts, Rate
from berceau.orm.session import run_unit, unit_of_work

database = GlobalDatabase()


class RequestCount(database.Entity):
    key = PrimaryKey(str, 64, column="Name")
    expires_at = Required(datetime, index=True)


class Wrong(database.Entity):
    key = PrimaryKey(str)
    expires_at = Optional(datetime)


class More(database.Entity):
    key = PrimaryKey(str)
    expires_at = Required(datetime)
    more = Optional(int)


@pytest.fixture(scope="module", autouse=True)
def tables(make_tables) -> None:
    make_tables(database)


@pytest.fixture(autouse=True)
def no_rows() -> Iterator[None]:
    yield
    with unit_of_work():
        RequestCount.select().delete(bulk=True)


@pytest.fixture
def counts() -> Counts:
    return Counts(RequestCount)


def admit(counts: Counts, name: str, rate: Rate) -> float:
    return run_unit(lambda: counts.admit(name, rate).wait(counts.end_without_waiting()))


@pytest.mark.parametrize(
    ("text", "times", "seconds"),
    [
        ("100/minute", 100, 60),
        ("5/15 minutes", 5, 900),
        ("1/second", 1, 1),
        ("999999999/day", 999_999_999, 86400),
        ("10/2 hours", 10, 7200),
    ],
)
def test_a_rate_is_read(text, times, seconds) -> None:
    assert Rate.parse(text) == Rate(times, seconds)


@pytest.mark.parametrize(
    "text", ["", "100", "0/minute", "1/0 minutes", "1/week", "-1/day", "1.5/day", "a/day", "1/day "]
)
def test_what_is_no_rate_is_refused(text) -> None:
    with pytest.raises(ValueError, match="is no rate"):
        Rate.parse(text)


@pytest.mark.parametrize("times", [1, 3, 7, 60])
def test_as_many_as_the_rate_has_are_admitted_and_the_next_waits(counts, times) -> None:
    rate = Rate(times, 3600)
    assert [admit(counts, "ada", rate) for _ in range(times)] == [0.0] * times
    wait = admit(counts, "ada", rate)
    assert rate.interval - 10 < wait <= rate.interval
    assert admit(counts, "bo", rate) == 0.0


def test_one_more_is_admitted_after_each_interval(counts) -> None:
    rate = Rate(4, 3600)
    for _ in range(5):
        admit(counts, "ada", rate)
    with unit_of_work():
        RequestCount["ada"].expires_at -= timedelta(seconds=rate.interval)
    assert admit(counts, "ada", rate) == 0.0
    assert admit(counts, "ada", rate) > 0


def test_who_was_away_may_ask_no_more_often_than_others(counts) -> None:
    rate = Rate(2, 3600)
    with unit_of_work():
        RequestCount(key="ada", expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    assert [admit(counts, "ada", rate) > 0 for _ in range(3)] == [False, False, True]


def test_what_is_undone_does_not_count(counts) -> None:
    rate = Rate(1, 3600)
    with unit_of_work() as unit:
        counts.admit("ada", rate)
        unit.rollback()
    assert admit(counts, "ada", rate) == 0.0


def test_at_the_same_time_no_more_are_admitted(counts) -> None:
    rate = Rate(25, 3600)
    with ThreadPoolExecutor(8) as threads:
        waits = list(threads.map(lambda _: admit(counts, "ada", rate), range(80)))
    assert waits.count(0.0) == 25


def test_rows_that_count_no_more_are_deleted(counts) -> None:
    with unit_of_work():
        for number in range(CLEARED + 1):
            RequestCount(key=str(number), expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    admit(counts, "ada", Rate(1, 60))
    admit(counts, "bo", Rate(1, 60))
    with unit_of_work():
        assert sorted(row.key for row in RequestCount.select()) == ["ada", "bo"]


def test_a_rate_tells_what_is_left_and_when_all_of_it_is_back(counts) -> None:
    rate = Rate(3, 3600)
    for left, full in ((2, 1200), (1, 2400), (0, 3600), (0, 3600)):
        with unit_of_work():
            admission = counts.admit("ada", rate)
            clock = counts.end_without_waiting()
        assert admission.left(clock) == left
        assert full - 10 < admission.full(clock) <= full


@pytest.mark.parametrize("entity", [Wrong, More])
def test_an_entity_that_cannot_count_is_refused_with_one_that_can(entity) -> None:
    with pytest.raises(EntityError, match=f"{entity.__name__} can't count requests") as refused:
        Counts(entity)
    assert "key = PrimaryKey(str, 64)" in refused.value.cure
