"""What Pony lacks in PostgreSQL, native enums and aware datetimes, and types it gets wrong."""

import json
import re
from datetime import UTC, datetime, time
from decimal import MAX_PREC, ROUND_HALF_UP, ROUND_UP, Context, Decimal, InvalidOperation
from enum import Enum
from reprlib import repr as shortened
from typing import Any
from uuid import UUID

from pony.orm.dbapiprovider import Converter, DecimalConverter, TimeConverter
from pony.orm.dbproviders.postgres import (
    PGArrayConverter,
    PGDatetimeConverter,
    PGJsonConverter,
    PGUuidConverter,
)

from berceau.errors import EntityError
from berceau.orm.diagnosis import place_of
from berceau.orm.enums import enum_label, enum_member, enum_members, enum_type_name
from berceau.orm.queries import allow_enum
from berceau.schema.names import quote_name

NUMERIC_DIGITS = 131072
"""How many digits before the point ``numeric`` has at most."""
NUMERIC_SCALE = 16383
"""How many digits after the point ``numeric`` has at most."""
INTEGERS = range(-(2**31), 2**31)
"""What ``integer`` holds, the type of the items in an array of ``int``."""
_TIME_WITH_ZONE = re.compile(
    r"timetz\s*(\(\s*\d+\s*\))?|time\s*(\(\s*\d+\s*\))?\s*with\s+time\s+zone", re.IGNORECASE
)


class EnumConverter(Converter):
    """Keeps members of ``enum_class`` in a column of its native enum type.

    Takes a member or, since forms give strings, exactly its label; anything else is a
    ``ValueError``.
    """

    def __init__(self, provider: Any, py_type: type[Enum], attr: Any = None) -> None:
        self.enum_class = py_type
        self._members = enum_members(py_type)
        allow_enum(py_type)
        super().__init__(provider, py_type, attr)

    def init(self, kwargs: dict[str, Any]) -> None:
        """Read the attribute's options."""
        super().init(kwargs)
        _refuse_sql_type(self.attr, cure="Leave sql_type out, or declare a str.")

    def sql_type(self) -> str:
        """Return the enum's type, quoted where SQL needs it."""
        return quote_name(enum_type_name(self.enum_class))

    def validate(self, val: Any, obj: Any = None) -> Enum:  # noqa: ARG002 - Pony's signature
        """Return the member that ``val`` is, or is the label of."""
        if isinstance(val, self.enum_class):
            return val
        # A member of another StrEnum is a str too, but no label of this one.
        if isinstance(val, str) and not isinstance(val, Enum) and val in self._members:
            return self._members[val]
        labels = ", ".join(map(repr, self._members))
        raise ValueError(
            f"{self.attr}: {shortened(val)} is no {self.enum_class.__name__}; use one of {labels}"
        )

    def py2sql(self, val: Enum) -> str:
        """Return the label of a member."""
        return enum_label(val)

    def sql2py(self, val: str) -> Enum:
        """Return the member of a label: see ``enum_member``."""
        return self._members[val] if val in self._members else enum_member(self.enum_class, val)


class AwareDatetimeConverter(PGDatetimeConverter):
    """Keeps moments: takes aware datetimes of any offset, and gives them in UTC.

    A naive one is a ``ValueError``, also as a query's parameter. A string is read as ISO 8601.
    """

    sql_type_name = "TIMESTAMPTZ"

    def init(self, kwargs: dict[str, Any]) -> None:
        """Read the attribute's options."""
        super().init(kwargs)
        _refuse_sql_type(
            self.attr,
            "timestamptz",
            "timestamp with time zone",
            cure="Leave sql_type out; keep a wall clock's time in a date and a time.",
        )

    def validate(self, val: Any, obj: Any = None) -> datetime:
        """Return ``val`` in UTC, cut to the attribute's precision."""
        if isinstance(val, str):
            val = datetime.fromisoformat(val)
        if isinstance(val, datetime):
            try:
                val = self._in_utc(val)
            except OverflowError:
                raise ValueError(f"{self.attr}: {val} in UTC is no datetime of Python") from None
        moment: datetime = super().validate(val, obj)
        return moment

    def py2sql(self, val: datetime) -> datetime:
        """Return a value or a query's parameter in UTC."""
        try:
            return self._in_utc(val)
        except OverflowError:  # PostgreSQL's years go on after 9999
            return val

    def sql2py(self, val: Any) -> datetime:
        """Return what the database gave in UTC, whatever the connection's time zone."""
        if type(val) is datetime and val.tzinfo is UTC:
            return val
        return self._in_utc(super().sql2py(val))

    def _in_utc(self, moment: datetime) -> datetime:
        if moment.utcoffset() is None:
            raise ValueError(
                f"{self.attr or 'A query'}: {moment!r} has no time zone; for the present use "
                "datetime.now(timezone.utc), and give any other datetime its tzinfo"
            )
        return moment.astimezone(UTC)


class WallTimeConverter(TimeConverter):
    """Takes times without an offset only: PostgreSQL's type ``time`` would drop it unsaid.

    One with an offset is a ``ValueError``, also as a query's parameter. A column of ``timetz``
    keeps it.
    """

    def validate(self, val: Any, obj: Any = None) -> time:
        """Return ``val`` cut to the attribute's precision."""
        found: time = super().validate(val, obj)
        return self.py2sql(found)

    def py2sql(self, val: time) -> time:
        """Return a value or a query's parameter."""
        if val.tzinfo is not None and not self._keeps_zones:
            raise ValueError(
                f"{self.attr or 'A query'}: {val!r} has a time zone, which is not kept; give the "
                "time without it, or keep the moment as a datetime"
            )
        return val

    @property
    def _keeps_zones(self) -> bool:
        sql_type = self.attr.sql_type if self.attr else None
        return sql_type is not None and _TIME_WITH_ZONE.fullmatch(sql_type.strip()) is not None


class JsonConverter(PGJsonConverter):
    """Compares numbers by what they are: PostgreSQL writes 1e+23 as an integer."""

    def dbvals_equal(self, x: Any, y: Any) -> bool:
        """Return whether two documents, as text or as what was read, are the same."""
        return bool(x == y or _exactly(x) == _exactly(y))


def _exactly(document: Any) -> Any:
    text = document if isinstance(document, str) else json.dumps(document)
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


class RoundedDecimalConverter(DecimalConverter):
    """Rounds a value when it is assigned, as PostgreSQL would when it is stored.

    Otherwise the object and its row differ, and the next update of it fails. With a ``sql_type``
    the column's scale isn't known, and nothing is rounded.
    """

    def validate(self, val: Any, obj: Any = None) -> Decimal:
        """Return ``val`` at the attribute's scale; ``ValueError`` where it has too many digits."""
        number: Decimal = super().validate(val, obj)
        if self.attr.sql_type is not None:
            return number
        try:
            return number.quantize(self.exp, ROUND_HALF_UP, Context(prec=self.precision))
        except InvalidOperation:
            raise ValueError(
                f"{self.attr}: {number} has more than {self.precision - self.scale} digits before "
                "the point"
            ) from None

    def py2sql(self, val: Decimal) -> Decimal | str:
        """Return a value or a query's parameter, within what ``numeric`` can compare with.

        What is beyond counts as infinite, and psycopg2 would take that for NaN.
        """
        if val.is_nan():
            return val
        if val.is_infinite() or val.adjusted() >= NUMERIC_DIGITS:
            return "-Infinity" if val.is_signed() else "Infinity"
        if -int(val.as_tuple().exponent) > NUMERIC_SCALE:
            smallest = Decimal(1).scaleb(-NUMERIC_SCALE)
            return val.quantize(smallest, ROUND_UP, Context(prec=MAX_PREC))
        return val


class UuidConverter(PGUuidConverter):
    """Takes any text for what it says: Pony takes one of 16 characters for bytes, and fails."""

    def validate(self, val: Any, obj: Any = None) -> UUID:
        """Return ``val`` as a UUID; ``ValueError`` where it is none."""
        found: UUID = UUID(val) if isinstance(val, str) else super().validate(val, obj)
        return found


class ArrayConverter(PGArrayConverter):
    """Takes an array as a query's parameter, and updates what holds an array of floats."""

    def __init__(self, provider: Any, py_type: Any, attr: Any = None) -> None:
        super().__init__(provider, py_type, attr)
        # In SQL a list of floats is numeric[], which nothing compares with double precision[];
        # and Pony doesn't check single floats before an update either.
        self.optimistic = py_type.item_type is not float

    def validate(self, val: Any, obj: Any = None) -> Any:
        """Return ``val`` as a list; ``ValueError`` where the array can't have one of its items."""
        items = super().validate(val, obj)
        for item in items:
            if not self._can_have(item):
                raise ValueError(
                    f"{self.attr}: {shortened(item)} can't be in an array of "
                    f"{self.py_type.item_type.__name__}"
                )
        return items

    def py2sql(self, val: Any) -> Any:
        """Return what psycopg2 writes; a list of floats would be one of decimals there."""
        if self.py_type.item_type is not float or val is None:
            return val
        return "{" + ",".join(repr(float(each)) for each in val) + "}"

    def val2dbval(self, val: Any, obj: Any = None) -> Any:
        """Return a plain list; a parameter has no attribute, which Pony's method asks.

        In a parameter, an item that no array has is NULL: it is in no array either.
        """
        if self.attr is None:
            return [item if self._can_have(item) else None for item in val]
        return super().val2dbval(val, obj)

    def _can_have(self, item: Any) -> bool:
        if self.py_type.item_type is int:
            return item in INTEGERS
        return isinstance(item, str) or self.py_type.item_type is not str


def _refuse_sql_type(attr: Any, *allowed: str, cure: str) -> None:
    if attr.sql_type is not None and attr.sql_type.lower() not in allowed:
        raise EntityError(
            f"{attr} can't have sql_type={attr.sql_type!r}: Berceau keeps {attr.py_type.__name__} "
            "in a type of its own.",
            where=place_of(attr.entity, attr.name),
            cure=cure,
        )
