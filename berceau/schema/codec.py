"""Schemas, and other dataclasses, as plain data and back: what a cache can keep."""

from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from berceau.schema.model import Schema

Value = TypeVar("Value")


def encode(value: object) -> dict[str, Any]:
    """Return ``value``, a dataclass, as dictionaries, lists and what JSON knows besides."""
    data: dict[str, Any] = _encode(value)
    return data


def decode(data: dict[str, Any]) -> Schema:
    """Return the schema that ``data``, from ``encode``, describes."""
    return decode_as(Schema, data)


def decode_as(kind: type[Value], data: dict[str, Any]) -> Value:
    """Return the value of the dataclass ``kind`` that ``data``, from ``encode``, describes."""
    value: Value = _decode(kind, data)
    return value


def _encode(value: Any) -> Any:
    if is_dataclass(value):
        return {each.name: _encode(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple):
        return [_encode(each) for each in value]
    return value


def _decode(kind: Any, data: Any) -> Any:
    if data is None:
        return None
    if isinstance(kind, type) and is_dataclass(kind):
        types = _types(kind)
        return kind(**{name: _decode(types[name], value) for name, value in data.items()})
    if get_origin(kind) is tuple:
        item = get_args(kind)[0]
        return tuple(_decode(item, each) for each in data)
    if get_origin(kind) is UnionType:
        (only,) = set(get_args(kind)) - {NoneType}
        return _decode(only, data)
    return data


@cache
def _types(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
