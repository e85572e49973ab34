"""How often something may happen, counted in a table, so that all processes agree.

For each name, the table has the moment until which what happened counts. Each time moves it on by
the same interval, and it may be a whole period ahead at most: the algorithm is called GCRA, or
leaky bucket. One statement reads and moves it under the row's lock. What is refused writes
nothing.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from math import floor
from typing import Any, Self

from pony.orm import PrimaryKey
from pony.orm.core import Required

from berceau.errors import EntityError

CLEARED = 10
"""How many rows that count no more are deleted when a new one is made."""

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_WRITTEN = re.compile(rf"([1-9]\d{{0,8}})/(?:([1-9]\d{{0,5}}) )?({'|'.join(_SECONDS)})s?")
_FORM = (
    "class RequestCount(db.Entity):\n"
    "        key = PrimaryKey(str, 64)\n"
    "        expires_at = Required(datetime, index=True)"
)
# The clock is read by the statement: the transaction may have begun long before. Whoever waits for
# the row's lock may be refused for the moments of that wait. Behind ON CONFLICT nothing asks for
# the clock or the time zone, so that Citus takes it for tables that it has elsewhere.
_ADMIT = """
    INSERT INTO {table} AS counted ({key}, {expires_at})
    VALUES ($name, clock_timestamp() + $interval * interval '1 second')
    ON CONFLICT ({key}) DO UPDATE
    SET {expires_at} = greatest(
        (counted.{expires_at} AT TIME ZONE 'UTC' + $interval * interval '1 second')
        AT TIME ZONE 'UTC', excluded.{expires_at})
    WHERE counted.{expires_at} - excluded.{expires_at}
        <= ($seconds - 2 * $interval) * interval '1 second'
    RETURNING {expires_at}, xmax = 0
"""
_UNTIL = "SELECT coalesce(max({expires_at}), clock_timestamp()) FROM {table} WHERE {key} = $name"
_END = "SELECT set_config('synchronous_commit', 'off', true), clock_timestamp()"
_CLEAR = """
    DELETE FROM {table} WHERE {key} IN (
        SELECT {key} FROM {table} WHERE {expires_at} < statement_timestamp()
        ORDER BY {expires_at} LIMIT $rows FOR UPDATE SKIP LOCKED)
    RETURNING 1
"""


@dataclass(frozen=True)
class Rate:
    """``times`` in each period of ``seconds``: as many at once, and then one after the other."""

    times: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the rate that is written as ``100/minute`` or ``5/15 minutes``.

        Raises ``ValueError``.
        """
        found = _WRITTEN.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is no rate: write it as 100/minute or 5/15 minutes.")
        times, units, unit = found.groups()
        return cls(int(times), int(units or 1) * _SECONDS[unit])

    @property
    def interval(self) -> float:
        """After how many seconds one more is possible."""
        return (self.seconds * 1_000_000 // self.times) / 1_000_000


@dataclass(frozen=True)
class Admission:
    """Whether something may happen now, at a ``rate``, where what did counts ``until`` then."""

    rate: Rate
    until: datetime
    is_admitted: bool

    def wait(self, clock: datetime) -> float:
        """Return in how many seconds it may happen; 0.0 where it may now."""
        if self.is_admitted:
            return 0.0
        return max(self.full(clock) + self.rate.interval - self.rate.seconds, 0.001)

    def left(self, clock: datetime) -> int:
        """Return how often more it may happen at once."""
        if not self.is_admitted:
            return 0
        return max(0, floor((self.rate.seconds - self.full(clock)) / self.rate.interval))

    def full(self, clock: datetime) -> float:
        """Return in how many seconds it may happen as often at once as the rate says."""
        return max(0.0, (self.until - clock).total_seconds())


class Counts:
    """The counts in the table of ``entity``. Raises ``EntityError`` where its attributes differ."""

    def __init__(self, entity: Any) -> None:
        attributes = entity._adict_
        key, expires_at = attributes.get("key"), attributes.get("expires_at")
        if not (
            isinstance(key, PrimaryKey)
            and isinstance(expires_at, Required)
            and (key.py_type, expires_at.py_type) == (str, datetime)
            and len(attributes) == 2
        ):
            raise EntityError(
                f"{entity.__name__} can't count requests: it needs other attributes.",
                cure=f"Declare it so:\n    {_FORM}",
            )
        self._entity = entity

    def admit(self, name: str, rate: Rate) -> Admission:
        """Count ``name`` once more, if the rate allows it."""
        found = self._execute(_ADMIT, name=name, interval=rate.interval, seconds=rate.seconds)
        if not found:
            ((until,),) = self._execute(_UNTIL, name=name)
            return Admission(rate, until, is_admitted=False)
        ((until, is_new),) = found
        if is_new:
            self._execute(_CLEAR, rows=CLEARED)
        return Admission(rate, until, is_admitted=True)

    def end_without_waiting(self) -> datetime:
        """Return the database's time, at the end of a unit of work that has nothing but counts.

        The unit is committed before it is on the disk: a crash loses a second of counts.
        """
        ((_, clock),) = self._execute(_END)
        moment: datetime = clock
        return moment

    def _execute(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        database = self._entity._database_
        quoted = database.provider.quote_name
        names = {name: quoted(self._entity._adict_[name].column) for name in ("key", "expires_at")}
        table = quoted(self._entity._table_)
        cursor = database.execute(statement.format(table=table, **names), {}, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
