# mypy: ignore-errors
"""The types of attributes that Python lacks."""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeAlias, TypeVar

_T = TypeVar("_T")

JsonValue: TypeAlias = (
    str | int | float | bool | Mapping[str, JsonValue] | Sequence[JsonValue] | None
)

class LongStr(str): ...

LongUnicode = LongStr

class Json:
    wrapped: Any
    def __init__(self, wrapped: JsonValue) -> None: ...

class Array(Generic[_T]):
    item_type: type[_T]

class IntArray(Array[int]): ...
class StrArray(Array[str]): ...
class FloatArray(Array[float]): ...
