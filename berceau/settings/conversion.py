"""A text becomes a value of a setting's type."""

import re
from datetime import timedelta
from enum import Enum
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import ConfigDict, TypeAdapter, ValidationError

_DURATION = re.compile(r"(\d+(?:\.\d+)?) ?(s|min|m|h|d)?")
_SECONDS = {None: 1, "s": 1, "min": 60, "m": 60, "h": 3600, "d": 86400}
_SEVERAL = (tuple, list, frozenset, set)
_SEPARATOR = re.compile(r"[\s,]+")


def convert(kind: Any, value: Any, root: Path) -> Any:
    """Return ``value`` as one of the type ``kind``; a text is read as such.

    A relative path is one below ``root``. Raises ``ValueError`` with a message for a person, which
    doesn't quote the value.
    """
    if isinstance(value, str):
        _require_unicode(value)
    read = _read(_plain(kind), value) if isinstance(value, str) else value
    try:
        found = adapter(kind).validate_python(read)
    except ValidationError as error:
        raise ValueError(_expectation(kind, error)) from None
    return root / found if isinstance(found, Path) else found


def _require_unicode(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("it should be UTF-8") from None


@cache
def adapter(kind: Any) -> TypeAdapter[Any]:
    """Return what validates values of the type ``kind``; raises what pydantic does for others."""
    return TypeAdapter(kind, config=ConfigDict(allow_inf_nan=False))


def _plain(kind: Any) -> Any:
    """Return ``kind`` without what is annotated, and without ``None``."""
    if get_origin(kind) is Annotated:
        return _plain(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        others = [each for each in get_args(kind) if each is not NoneType]
        return _plain(others[0]) if len(others) == 1 else kind
    return kind


def _read(kind: Any, text: str) -> Any:
    """Return what pydantic takes for ``text``, or ``text`` itself."""
    if get_origin(kind) in _SEVERAL:
        item = _plain(get_args(kind)[0])
        return [_read(item, each) for each in _SEPARATOR.split(text) if each]
    if kind is timedelta:
        return _read_duration(text)
    if get_origin(kind) is Literal:
        return {str(each): each for each in get_args(kind)}.get(text.strip(), text)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {str(each.value): each for each in kind}.get(text.strip(), text)
    return text


def _read_duration(text: str) -> Any:
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        return text
    try:
        return timedelta(seconds=float(match[1]) * _SECONDS[match[2]])
    except OverflowError:
        return text


def _expectation(kind: Any, error: ValidationError) -> str:
    if _plain(kind) is timedelta:
        return "it should be a duration, such as 30s, 15m, 2h or 7d"
    message = error.errors(include_url=False, include_input=False, include_context=False)[0]["msg"]
    if message[1:2].islower():  # not an abbreviation, such as URL
        message = message[0].lower() + message[1:]
    return message.replace("input should", "it should")
