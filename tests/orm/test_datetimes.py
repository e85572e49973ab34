"""A datetime attribute is a moment: aware, in UTC, the same before and after the database."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pony.orm import (
    Database,
    Optional,
    PrimaryKey,
    Required,
    coalesce,
    commit,
    db_session,
    flush,
    raw_sql,
    rollback,
    select,
)

from berceau.errors import EntityError
from berceau.orm.database import map_entities

database = Database()
PARIS = timezone(timedelta(hours=2))
NOON = datetime(2024, 7, 14, 12, 0, 0, 123456, tzinfo=UTC)
NAIVE = datetime(2024, 7, 14, 12)


class Event(database.Entity):
    at = Required(datetime, default=lambda: datetime.now(UTC), index=True)
    coarse = Optional(datetime, precision=3)
    whole = Optional(datetime, 0)
    explicit = Optional(datetime, sql_type="timestamptz")
    stamped = Required(datetime, volatile=True, sql_default="now()")
    day = Optional(date)
    hour = Optional(time)
    local = Optional(time, sql_type="timetz")
    rough = Optional(time, sql_type="TIME(0)  With Time Zone")


class Slot(database.Entity):
    at = PrimaryKey(datetime)


@pytest.fixture(scope="module", autouse=True)
def tables(make_tables) -> None:
    make_tables(database)


@pytest.fixture(autouse=True)
def _empty(tables) -> Iterator[None]:  # noqa: ARG001 - they come first
    yield
    with db_session:
        Event.select().delete(bulk=True)
        Slot.select().delete(bulk=True)


@pytest.mark.parametrize("zone", [UTC, PARIS, ZoneInfo("Europe/Paris")])
def test_a_time_with_a_zone_is_refused_since_it_would_be_dropped(zone) -> None:
    hour = time(12, tzinfo=zone)
    with db_session:
        event = Event(at=NOON, hour=time(12))
        for refused in (
            lambda: Event(at=NOON, hour=hour),
            lambda: event.set(hour=hour),
            lambda: select(each for each in Event if each.hour == hour)[:],
        ):
            with pytest.raises(ValueError, match=r"has a time zone, which is not kept"):
                refused()
        rollback()


@pytest.mark.parametrize("hour", [time(12, tzinfo=UTC), time(12, tzinfo=PARIS), time(12)])
def test_a_time_with_a_zone_is_kept_where_the_column_keeps_it(hour) -> None:
    with db_session:
        event = Event(at=NOON, local=hour, rough=hour)
    with db_session:
        event = Event[event.id]
        assert {event.local, event.rough} == {hour if hour.tzinfo else hour.replace(tzinfo=UTC)}
        event.day = date(2024, 7, 14)  # the update compares what was read
    with db_session:
        found = select(e for e in Event if e.local == hour and e.rough == hour)
        assert [e.day for e in found] == [date(2024, 7, 14)]


def test_the_columns_are_timestamptz(connection) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
            " WHERE attrelid = 'event'::regclass AND attnum > 1"
        )
        assert dict(cursor.fetchall()) == {
            "at": "timestamp with time zone",
            "coarse": "timestamp(3) with time zone",
            "whole": "timestamp(0) with time zone",
            "explicit": "timestamp with time zone",
            "stamped": "timestamp with time zone",
            "day": "date",
            "hour": "time without time zone",
            "local": "time with time zone",
            "rough": "time(0) with time zone",
        }


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    at=st.datetimes(
        min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.timezones()
    )
)
@pytest.mark.usefixtures("session")
def test_any_moment_survives(at) -> None:
    event = Event(at=at, coarse=at, whole=at)
    commit()
    kept = event.at, event.coarse, event.whole
    assert select((e.at, e.coarse, e.whole) for e in Event if e.id == event.id).first() == kept
    assert event.at == at.astimezone(UTC)  # in another zone, a time that occurs twice equals none
    assert event.coarse == event.at.replace(microsecond=at.microsecond // 1000 * 1000)
    assert event.whole == event.at.replace(microsecond=0)
    assert {moment.tzinfo for moment in kept} == {UTC}
    event.day = at.date()
    commit()  # checks that the row still holds what was read
    assert Event.get(at=at, id=event.id) is event


@pytest.mark.usefixtures("session")
def test_an_object_is_reloaded_in_its_session() -> None:
    event = Event(at=NOON.astimezone(PARIS), explicit=NOON.astimezone(PARIS))
    commit()
    select(e for e in Event)[:]
    event.load()
    assert (event.at, event.explicit) == (NOON, NOON)
    assert event.at.utcoffset() == timedelta(0)


@pytest.mark.usefixtures("session")
def test_a_value_of_the_database_s_making() -> None:
    event = Event()
    flush()
    assert event.stamped.tzinfo is UTC
    assert abs(event.stamped - event.at) < timedelta(minutes=1)


@pytest.mark.usefixtures("session")
def test_a_key_is_the_same_moment_everywhere() -> None:
    slot = Slot(at=NOON)
    commit()
    assert Slot[NOON.astimezone(PARIS)] is slot


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2024-07-14T12:00:00.123456Z", NOON),
        ("2024-07-14 14:00:00.123456+02:00", NOON),
    ],
)
@pytest.mark.usefixtures("session")
def test_iso_8601_is_read(text, at) -> None:
    assert Event(at=text).at == at


@pytest.mark.parametrize("value", [NAIVE, "2024-07-14T12:00:00"])
@pytest.mark.usefixtures("session")
def test_a_naive_datetime_is_not_assigned(value) -> None:
    message = r"Event.at: datetime.*12, 0\) has no time zone.*datetime.now\(timezone.utc\)"
    with pytest.raises(ValueError, match=message):
        Event(at=value)
    event = Event()
    with pytest.raises(ValueError, match=message):
        event.at = value
    with pytest.raises(ValueError, match=message):
        event.set(at=value)
    assert not Event.select().filter(at=value).exists()  # see test_lookups.py


@pytest.mark.parametrize("value", ["14/07/2024", "noon", 12, date(2024, 7, 14)])
@pytest.mark.usefixtures("session")
def test_what_is_no_datetime_is_not_assigned(value) -> None:
    with pytest.raises((TypeError, ValueError)):
        Event(at=value)


@pytest.mark.parametrize("default", [NAIVE, datetime.now])
@pytest.mark.usefixtures("session")
def test_a_naive_datetime_is_no_default(default) -> None:
    other = Database()
    entity = type("Late", (other.Entity,), {"at": Required(datetime, default=default)})
    with pytest.raises((EntityError, ValueError), match=r"Late.at: .* has no time zone"):
        map_entities(other) or entity()


@pytest.mark.parametrize(
    "query",
    [
        lambda: select(e for e in Event if e.at < NAIVE),
        lambda: select(e for e in Event if e.at in (NOON, NAIVE)),
        lambda: select(e for e in Event if e.at < datetime.now()),
        lambda: select(e for e in Event if e.at < datetime(2024, 7, 14, 12)),
        lambda: select(e for e in Event if e.at + timedelta(1) < NAIVE),
        lambda: select(e for e in Event if raw_sql("e.at < $NAIVE")),
        lambda: select(coalesce(e.coarse, NAIVE) for e in Event),
        lambda: Event.select(lambda e: e.at < NAIVE),
    ],
)
@pytest.mark.usefixtures("session")
def test_a_naive_datetime_is_no_parameter(query) -> None:
    with pytest.raises(ValueError, match=r"A query: .* has no time zone"):
        query()[:]


@pytest.mark.parametrize(
    "query",
    [
        lambda: select(e for e in Event if e.at == NOON),
        lambda: select(e for e in Event if e.at == NOON.astimezone(PARIS)),
        lambda: select(e for e in Event if e.at in (NOON, NOON)),
        lambda: select(e for e in Event if e.at < datetime.now(timezone.utc)),  # noqa: UP017 - both
        lambda: select(e for e in Event if e.at < datetime.now(UTC)),
        lambda: select(e for e in Event if e.at < datetime(2024, 7, 14, 13, tzinfo=UTC)),
        lambda: select(e for e in Event if e.at > datetime(2024, 7, 14, 13, tzinfo=PARIS)),
        lambda: select(e for e in Event if e.at - timedelta(days=1) < NOON),
        lambda: select(e for e in Event if e.at + timedelta(hours=1) > NOON),
        lambda: select(e for e in Event if NOON - e.at == timedelta(0)),
        lambda: select(e for e in Event if e.at.date() == date(2024, 7, 14)),
        lambda: select(e for e in Event if e.at > date(2024, 7, 14)),
        lambda: select(e for e in Event if (e.at.year, e.at.month, e.at.day) == (2024, 7, 14)),
        lambda: select(e for e in Event if (e.at.hour, e.at.minute) == (12, 0)),
        lambda: select(e for e in Event if coalesce(e.coarse, NOON) == NOON),
        lambda: select(e for e in Event if e.at == max(f.at for f in Event)),
        lambda: select(e for e in Event if raw_sql("e.at = $NOON")),
        lambda: Event.select().filter(at=NOON),
        lambda: Event.select().where(at=NOON.astimezone(PARIS)),
    ],
)
@pytest.mark.usefixtures("session")
def test_queries(query) -> None:
    event = Event(at=NOON)
    assert query()[:] == [event]


@pytest.mark.parametrize(
    ("query", "value"),
    [
        (lambda: select(e.at for e in Event), NOON),
        (lambda: select(max(e.at) for e in Event), NOON),
        (lambda: select(e.at + timedelta(days=1) for e in Event), NOON + timedelta(days=1)),
        (lambda: select(e.at - timedelta(hours=13) for e in Event), NOON - timedelta(hours=13)),
        (lambda: select(NOON - e.at for e in Event), timedelta(0)),
        (lambda: select(e.at.date() for e in Event), date(2024, 7, 14)),
        (lambda: select(e.at.hour for e in Event), 12),
        (lambda: select(coalesce(e.coarse, NOON) for e in Event), NOON),
        (lambda: select(raw_sql("e.at", result_type=datetime) for e in Event), NOON),
    ],
)
@pytest.mark.usefixtures("session")
def test_results(query, value) -> None:
    Event(at=NOON)
    found = query().first()
    assert found == value
    assert getattr(found, "tzinfo", UTC) is UTC


@pytest.mark.usefixtures("session")
def test_results_are_in_utc_whatever_the_session_s_time_zone() -> None:
    event = Event(at=NOON)
    flush()
    database.execute("SET LOCAL timezone = 'Asia/Tokyo'")
    event.load()
    found = select(e.at for e in Event).first()
    assert found == NOON
    assert found.tzinfo is UTC


def test_a_type_without_a_time_zone_is_refused() -> None:
    other = Database()
    type("Late", (other.Entity,), {"at": Required(datetime, sql_type="timestamp")})
    with pytest.raises(EntityError, match=r"Late.at can't have sql_type='timestamp'") as refusal:
        map_entities(other)
    assert "Leave sql_type out" in refusal.value.cure
