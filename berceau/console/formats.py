"""Figures as people read them."""

from datetime import UTC, datetime

_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")
_COUNTS = (("k", 10**3), ("M", 10**6), ("G", 10**9))
_PERIODS = ((86400, "day"), (3600, "hour"), (60, "minute"))


def size(number: int) -> str:
    """Return a number of bytes in the unit that leaves few digits: 12.3 MB; 1 kB is 1024 bytes."""
    value, unit = float(number), 0
    while value >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    digits = f"{value:.1f}" if unit and value < 100 else f"{value:.0f}"
    return f"{digits.removesuffix('.0')} {_UNITS[unit]}"


def about(number: int) -> str:
    """Return an estimate: 7, ``~4,200``, ``~12 k`` or ``~3.4 M``."""
    if number < 10_000:
        return str(number) if number < 10 else f"~{number:,}"
    unit, factor = next((each for each in _COUNTS if number < 999.5 * each[1]), _COUNTS[-1])
    value = number / factor
    return f"~{value:.1f} {unit}" if value < 9.95 else f"~{value:.0f} {unit}"


def ago(moment: datetime) -> str:
    """Return how long before now ``moment`` was, which is aware: 3 hours ago."""
    return f"{span((datetime.now(UTC) - moment).total_seconds())} ago"


def span(seconds: float) -> str:
    """Return a time in its largest unit: 3 hours, 2 days, 40 seconds, 12 ms."""
    for length, noun in _PERIODS:
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {noun}{'' if count == 1 else 's'}"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.0f} second{'' if round(seconds) == 1 else 's'}"


def prose(text: str) -> list[tuple[bool, str]]:
    """Return the parts of a message, each with whether it is code: what stands in backticks."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # one backtick has no other
        return [(False, text)]
    return [(number % 2 == 1, part) for number, part in enumerate(parts) if part]
