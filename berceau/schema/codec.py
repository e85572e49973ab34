"""Schemas, and other dataclasses, as plain data and back: what a cache can keep."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

Value = TypeVar("Value")
Step = Callable[[Any], Any] | None
"""What turns a value into another form; nothing where both forms are the same."""


def encode(value: Any) -> Any:
    """Return ``value``, a dataclass, as sequences of its fields, in order, and what JSON knows.

    Fields are dataclasses, tuples of one kind, optional ones, or of a kind that JSON knows.
    """
    shape: Any = type(value)
    return _encoder(shape)(value)


def decode(kind: type[Value], data: Any) -> Value:
    """Return the value of the dataclass ``kind`` that ``data``, from ``encode``, describes."""
    shape: Any = kind
    value: Value = _decoder(shape)(data)
    return value


@cache
def _encoder(kind: Any) -> Callable[[Any], Any]:
    steps = _field_steps(kind, _encoding)
    names = tuple(steps)
    if len(names) > 1 and not any(steps.values()):
        return attrgetter(*names)
    return lambda value: [
        step(getattr(value, name)) if step else getattr(value, name) for name, step in steps.items()
    ]


@cache
def _decoder(kind: Any) -> Callable[[Any], Any]:
    steps = tuple(_field_steps(kind, _decoding).values())
    if not any(steps):
        return lambda data: kind(*data)
    return lambda data: kind(
        *(step(each) if step else each for step, each in zip(steps, data, strict=True))
    )


def _field_steps(kind: Any, of: Callable[[Any], Step]) -> dict[str, Step]:
    hints = get_type_hints(kind)
    return {field.name: of(hints[field.name]) for field in fields(kind)}


def _encoding(hint: Any) -> Step:
    if isinstance(hint, type) and is_dataclass(hint):
        return _encoder(hint)
    if get_origin(hint) is tuple:
        item = _encoding(get_args(hint)[0])
        return (lambda values: [item(each) for each in values]) if item else None
    return _optional(hint, _encoding)


def _decoding(hint: Any) -> Step:
    if isinstance(hint, type) and is_dataclass(hint):
        return _decoder(hint)
    if get_origin(hint) is tuple:
        item = _decoding(get_args(hint)[0])
        return (lambda values: tuple([item(each) for each in values])) if item else tuple
    return _optional(hint, _decoding)


def _optional(hint: Any, of: Callable[[Any], Step]) -> Step:
    if get_origin(hint) is not UnionType:
        return None
    (only,) = set(get_args(hint)) - {NoneType}
    step = of(only)
    return (lambda value: None if value is None else step(value)) if step else None
