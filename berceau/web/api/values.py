"""Types whose values attributes can hold: what they refuse is a mistake of a field."""

import re
from datetime import UTC, datetime, time
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, WithJsonSchema

from berceau.text import is_blank

CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?$"


def _seen(text: str) -> str:
    if is_blank(text):
        raise ValueError("This text has no character that can be seen")
    return text.strip()


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("This moment is too far away") from None


def _on_clock(sent: Any) -> Any:
    if not isinstance(sent, str):
        return sent
    if re.fullmatch(CLOCK, sent) is None:
        raise ValueError("Send a time without an offset, such as 18:30 or 18:30:05.25")
    return time.fromisoformat(sent)


def _without_offset(hour: time) -> time:
    if hour.tzinfo is not None:
        raise ValueError("Send this time without an offset")
    return hour


# What is sent has the length that the document allows: spaces are taken off afterwards.
NonBlankStr = Annotated[str, Field(min_length=1), AfterValidator(_seen)]
"""A text in which something can be seen, without the spaces around it: for ``Required(str)``."""

Int32 = Annotated[int, Field(ge=-(2**31), le=2**31 - 1, json_schema_extra={"format": "int32"})]
"""A whole number of 32 bits: for ``Required(int)``."""

Int64 = Annotated[int, Field(ge=-(2**63), le=2**63 - 1, json_schema_extra={"format": "int64"})]
"""A whole number of 64 bits: for ``Required(int, size=64)``."""

UtcDatetime = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A moment that is sent with its offset, and converted to UTC: for ``Required(datetime)``."""

NaiveTime = Annotated[
    time,
    BeforeValidator(_on_clock),
    AfterValidator(_without_offset),
    # JSON Schema's format "time" has an offset.
    WithJsonSchema({"type": "string", "pattern": CLOCK}),
]
"""A time of a day that is sent without an offset: for ``Required(time)``."""
