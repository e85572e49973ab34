"""JSON of files that people and merges may have damaged: only what PostgreSQL can take is read."""

import json
from typing import Any, NoReturn

_GREATEST = 3.4028235e38
"""Of ``real``, which most numbers of the planner are."""
_LARGEST = 2**63


def loads(text: str) -> Any:
    """Return what ``text`` says. Raises ``ValueError``, also for numbers and texts beyond SQL's."""
    try:
        return json.loads(
            text,
            parse_constant=_refuse,
            parse_float=_float,
            parse_int=_int,
            object_pairs_hook=_object,
        )
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text} isn't a number")


def _float(text: str) -> float:
    value = float(text)
    if abs(value) > _GREATEST:
        raise ValueError(f"{text} is too large")
    return value


def _int(text: str) -> int:
    value = int(text)
    if abs(value) >= _LARGEST:
        raise ValueError(f"{text} is too large")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    for text in (each for pair in pairs for each in pair if isinstance(each, str)):
        if "\0" in text:
            raise ValueError(f"{text!r} has a character that no text has")
        text.encode()  # raises ValueError for half a character
    return dict(pairs)
