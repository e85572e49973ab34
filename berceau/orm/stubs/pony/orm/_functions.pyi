# mypy: ignore-errors
"""What asks the database, and what stands for SQL's functions inside of a query."""

from collections.abc import Callable, Generator, Iterable
from decimal import Decimal
from typing import Any, TypeVar, overload

from pony.orm._attributes import AttributeOf
from pony.orm._entity import Entity
from pony.orm._queried import Inner, InQuery, Known, Lifted, Null, Outside
from pony.orm._query import Descending, DescendingValue, Query

_T = TypeVar("_T")
_Known = TypeVar("_Known", bound=Known)
_Default = TypeVar("_Default")
_Entity = TypeVar("_Entity", bound=Entity)
_Owner = TypeVar("_Owner")
_Number = TypeVar("_Number", int, float, Decimal)
_A = TypeVar("_A")
_B = TypeVar("_B")
_C = TypeVar("_C")
_D = TypeVar("_D")
_E = TypeVar("_E")
_F = TypeVar("_F")
_G = TypeVar("_G")
_H = TypeVar("_H")

@overload
def select(query: Generator[InQuery[_Entity, Any] | Null], /) -> Query[_Entity]: ...
@overload
def select(query: Generator[tuple[Outside[_A], Outside[_B]]], /) -> Query[tuple[_A, _B]]: ...
@overload
def select(
    query: Generator[tuple[Outside[_A], Outside[_B], Outside[_C]]], /
) -> Query[tuple[_A, _B, _C]]: ...
@overload
def select(
    query: Generator[tuple[Outside[_A], Outside[_B], Outside[_C], Outside[_D]]], /
) -> Query[tuple[_A, _B, _C, _D]]: ...
@overload
def select(
    query: Generator[tuple[Outside[_A], Outside[_B], Outside[_C], Outside[_D], Outside[_E]]], /
) -> Query[tuple[_A, _B, _C, _D, _E]]: ...
@overload
def select(
    query: Generator[
        tuple[Outside[_A], Outside[_B], Outside[_C], Outside[_D], Outside[_E], Outside[_F]]
    ],
    /,
) -> Query[tuple[_A, _B, _C, _D, _E, _F]]: ...
@overload
def select(
    query: Generator[
        tuple[
            Outside[_A],
            Outside[_B],
            Outside[_C],
            Outside[_D],
            Outside[_E],
            Outside[_F],
            Outside[_G],
        ]
    ],
    /,
) -> Query[tuple[_A, _B, _C, _D, _E, _F, _G]]: ...
@overload
def select(
    query: Generator[
        tuple[
            Outside[_A],
            Outside[_B],
            Outside[_C],
            Outside[_D],
            Outside[_E],
            Outside[_F],
            Outside[_G],
            Outside[_H],
        ]
    ],
    /,
) -> Query[tuple[_A, _B, _C, _D, _E, _F, _G, _H]]: ...
@overload
def select(query: Generator[Outside[_T]], /) -> Query[_T]: ...
@overload
def select(query: Callable[[], Generator[_T]], /) -> Query[_T]: ...
@overload
def select(
    query: str, globals: dict[str, Any] = ..., locals: dict[str, Any] = ..., /
) -> Query[Any]: ...
@overload
def left_join(query: Generator[InQuery[_Entity, Any] | Null], /) -> Query[_Entity]: ...
@overload
def left_join(query: Generator[tuple[Outside[_A], Outside[_B]]], /) -> Query[tuple[_A, _B]]: ...
@overload
def left_join(
    query: Generator[tuple[Outside[_A], Outside[_B], Outside[_C]]], /
) -> Query[tuple[_A, _B, _C]]: ...
@overload
def left_join(
    query: Generator[tuple[Outside[_A], Outside[_B], Outside[_C], Outside[_D]]], /
) -> Query[tuple[_A, _B, _C, _D]]: ...
@overload
def left_join(
    query: Generator[tuple[Outside[_A], Outside[_B], Outside[_C], Outside[_D], Outside[_E]]], /
) -> Query[tuple[_A, _B, _C, _D, _E]]: ...
@overload
def left_join(
    query: Generator[
        tuple[Outside[_A], Outside[_B], Outside[_C], Outside[_D], Outside[_E], Outside[_F]]
    ],
    /,
) -> Query[tuple[_A, _B, _C, _D, _E, _F]]: ...
@overload
def left_join(
    query: Generator[
        tuple[
            Outside[_A],
            Outside[_B],
            Outside[_C],
            Outside[_D],
            Outside[_E],
            Outside[_F],
            Outside[_G],
        ]
    ],
    /,
) -> Query[tuple[_A, _B, _C, _D, _E, _F, _G]]: ...
@overload
def left_join(
    query: Generator[
        tuple[
            Outside[_A],
            Outside[_B],
            Outside[_C],
            Outside[_D],
            Outside[_E],
            Outside[_F],
            Outside[_G],
            Outside[_H],
        ]
    ],
    /,
) -> Query[tuple[_A, _B, _C, _D, _E, _F, _G, _H]]: ...
@overload
def left_join(query: Generator[Outside[_T]], /) -> Query[_T]: ...
@overload
def left_join(
    query: str, globals: dict[str, Any] = ..., locals: dict[str, Any] = ..., /
) -> Query[Any]: ...
@overload
def get(query: Generator[InQuery[_Entity, Any] | Null], /) -> _Entity | None: ...
@overload
def get(query: Generator[tuple[Outside[_A], Outside[_B]]], /) -> tuple[_A, _B] | None: ...
@overload
def get(
    query: Generator[tuple[Outside[_A], Outside[_B], Outside[_C]]], /
) -> tuple[_A, _B, _C] | None: ...
@overload
def get(
    query: Generator[tuple[Outside[_A], Outside[_B], Outside[_C], Outside[_D]]], /
) -> tuple[_A, _B, _C, _D] | None: ...
@overload
def get(
    query: Generator[tuple[Outside[_A], Outside[_B], Outside[_C], Outside[_D], Outside[_E]]], /
) -> tuple[_A, _B, _C, _D, _E] | None: ...
@overload
def get(
    query: Generator[
        tuple[Outside[_A], Outside[_B], Outside[_C], Outside[_D], Outside[_E], Outside[_F]]
    ],
    /,
) -> tuple[_A, _B, _C, _D, _E, _F] | None: ...
@overload
def get(
    query: Generator[
        tuple[
            Outside[_A],
            Outside[_B],
            Outside[_C],
            Outside[_D],
            Outside[_E],
            Outside[_F],
            Outside[_G],
        ]
    ],
    /,
) -> tuple[_A, _B, _C, _D, _E, _F, _G] | None: ...
@overload
def get(
    query: Generator[
        tuple[
            Outside[_A],
            Outside[_B],
            Outside[_C],
            Outside[_D],
            Outside[_E],
            Outside[_F],
            Outside[_G],
            Outside[_H],
        ]
    ],
    /,
) -> tuple[_A, _B, _C, _D, _E, _F, _G, _H] | None: ...
@overload
def get(query: Generator[Outside[_T]], /) -> _T | None: ...
@overload
def get(query: str, globals: dict[str, Any] = ..., locals: dict[str, Any] = ..., /) -> Any: ...
def exists(
    query: Iterable[Any] | str, globals: dict[str, Any] = ..., locals: dict[str, Any] = ..., /
) -> bool: ...
def delete(
    query: Generator[Any] | str, globals: dict[str, Any] = ..., locals: dict[str, Any] = ..., /
) -> int: ...
def count(what: object = ..., /, distinct: bool | None = None) -> int: ...
@overload
def sum(numbers: Lifted[_Number], /, distinct: bool | None = None) -> _Number: ...
@overload
def sum(
    numbers: Iterable[_Number | Null | Inner | None], /, distinct: bool | None = None
) -> _Number: ...
@overload
def sum(number: _Number | Null | Inner, /, distinct: bool | None = None) -> _Number: ...
@overload
def avg(
    numbers: Lifted[float] | Lifted[Decimal], /, distinct: bool | None = None
) -> float | Null: ...
@overload
def avg(
    numbers: Iterable[float | Decimal | Null | None], /, distinct: bool | None = None
) -> float | None: ...
@overload
def avg(
    numbers: Iterable[float | Decimal | Null | Inner], /, distinct: bool | None = None
) -> float | Null: ...
@overload
def avg(
    number: float | Decimal | Null | Inner, /, distinct: bool | None = None
) -> float | Null: ...
@overload
def min(values: Lifted[_T], /) -> _T | Null: ...
@overload
def min(values: Generator[_Known | Null], /) -> _Known | None: ...
@overload
def min(values: Generator[_T | Null | Inner], /) -> _T | Null: ...
@overload
def min(values: Iterable[_T], /, *, key: Callable[[_T], Any] = ...) -> _T: ...
@overload
def min(
    values: Iterable[_T], /, *, key: Callable[[_T], Any] = ..., default: _Default
) -> _T | _Default: ...
@overload
def min(value: _T, /) -> _T: ...
@overload
def min(value: _T, other: _T, /, *others: _T, key: Callable[[_T], Any] = ...) -> _T: ...
@overload
def max(values: Lifted[_T], /) -> _T | Null: ...
@overload
def max(values: Generator[_Known | Null], /) -> _Known | None: ...
@overload
def max(values: Generator[_T | Null | Inner], /) -> _T | Null: ...
@overload
def max(values: Iterable[_T], /, *, key: Callable[[_T], Any] = ...) -> _T: ...
@overload
def max(
    values: Iterable[_T], /, *, key: Callable[[_T], Any] = ..., default: _Default
) -> _T | _Default: ...
@overload
def max(value: _T, /) -> _T: ...
@overload
def max(value: _T, other: _T, /, *others: _T, key: Callable[[_T], Any] = ...) -> _T: ...
def group_concat(
    what: object, /, sep: str | None = None, distinct: bool | None = None
) -> str | None: ...
@overload
def distinct(query: Generator[InQuery[_Entity, Any] | Null], /) -> Query[_Entity]: ...
@overload
def distinct(query: Generator[tuple[Outside[_A], Outside[_B]]], /) -> Query[tuple[_A, _B]]: ...
@overload
def distinct(
    query: Generator[tuple[Outside[_A], Outside[_B], Outside[_C]]], /
) -> Query[tuple[_A, _B, _C]]: ...
@overload
def distinct(
    query: Generator[tuple[Outside[_A], Outside[_B], Outside[_C], Outside[_D]]], /
) -> Query[tuple[_A, _B, _C, _D]]: ...
@overload
def distinct(
    query: Generator[tuple[Outside[_A], Outside[_B], Outside[_C], Outside[_D], Outside[_E]]], /
) -> Query[tuple[_A, _B, _C, _D, _E]]: ...
@overload
def distinct(
    query: Generator[
        tuple[Outside[_A], Outside[_B], Outside[_C], Outside[_D], Outside[_E], Outside[_F]]
    ],
    /,
) -> Query[tuple[_A, _B, _C, _D, _E, _F]]: ...
@overload
def distinct(
    query: Generator[
        tuple[
            Outside[_A],
            Outside[_B],
            Outside[_C],
            Outside[_D],
            Outside[_E],
            Outside[_F],
            Outside[_G],
        ]
    ],
    /,
) -> Query[tuple[_A, _B, _C, _D, _E, _F, _G]]: ...
@overload
def distinct(
    query: Generator[
        tuple[
            Outside[_A],
            Outside[_B],
            Outside[_C],
            Outside[_D],
            Outside[_E],
            Outside[_F],
            Outside[_G],
            Outside[_H],
        ]
    ],
    /,
) -> Query[tuple[_A, _B, _C, _D, _E, _F, _G, _H]]: ...
@overload
def distinct(query: Generator[Outside[_T]], /) -> Query[_T]: ...
@overload
def distinct(value: _T, /) -> _T: ...
@overload
def desc(attribute: AttributeOf[_Owner, Any], /) -> Descending[_Owner]: ...
@overload
def desc(position: int, /) -> int: ...
@overload
def desc(value: object, /) -> DescendingValue: ...
def between(value: _T, low: _T, high: _T, /) -> bool: ...
@overload
def coalesce(value: _T | Null | Inner | None, other: _T, /) -> _T: ...
@overload
def coalesce(
    value: _T | Null | Inner | None, /, *others: _T | Null | Inner | None
) -> _T | Null: ...
def concat(*values: object) -> str: ...
def raw_sql(sql: str, result_type: type[Any] | None = None) -> Any: ...
def make_proxy(obj: _T) -> _T: ...
def show(what: object) -> None: ...
def JOIN(expression: _T, /) -> _T: ...
