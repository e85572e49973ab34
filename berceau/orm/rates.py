"""How often something may happen, counted in a table, so that all processes agree.

For each name, the table has the moment until which what happened counts. Each time moves it on by
the same interval, and it may be a whole period ahead at most: the algorithm is called GCRA, or
leaky bucket. One statement reads and moves it under the row's lock. What is refused writes
nothing.
"""

import re
from dataclasses import dataclass
from datetime import datetime
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
# The clock is read after the row was locked: the transaction may have begun long before.
_ADMIT = """
    INSERT INTO {table} AS counted ({key}, {expires_at})
    VALUES ($name, clock_timestamp() + $interval * interval '1 second')
    ON CONFLICT ({key}) DO UPDATE
    SET {expires_at} = greatest(counted.{expires_at}, clock_timestamp())
        + $interval * interval '1 second'
    WHERE counted.{expires_at} + $interval * interval '1 second'
        <= clock_timestamp() + $seconds * interval '1 second'
    RETURNING xmax = 0
"""
_AHEAD = """
    SELECT coalesce(max(extract(epoch FROM {expires_at} - clock_timestamp())), 0)
    FROM {table} WHERE {key} = $name
"""
_CLEAR = """
    DELETE FROM {table} WHERE {key} IN (
        SELECT {key} FROM {table} WHERE {expires_at} < clock_timestamp()
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

    def commit_without_waiting(self) -> None:
        """Let this unit of work end before it is on the disk: a crash loses a second of counts."""
        self._execute("SELECT set_config('synchronous_commit', 'off', true)")

    def admit(self, name: str, rate: Rate) -> float:
        """Count ``name`` once more and return 0.0, or return in how many seconds it may be."""
        found = self._execute(_ADMIT, name=name, interval=rate.interval, seconds=rate.seconds)
        if not found:
            ((ahead,),) = self._execute(_AHEAD, name=name)
            return max(float(ahead) + rate.interval - rate.seconds, 0.001)
        ((is_new,),) = found
        if is_new:
            self._execute(_CLEAR, rows=CLEARED)
        return 0.0

    def _execute(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        database = self._entity._database_
        quoted = database.provider.quote_name
        names = {name: quoted(self._entity._adict_[name].column) for name in ("key", "expires_at")}
        table = quoted(self._entity._table_)
        cursor = database.execute(statement.format(table=table, **names), {}, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
