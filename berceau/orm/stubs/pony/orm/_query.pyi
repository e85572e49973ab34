# mypy: ignore-errors
"""Queries, and their results."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import (
    Any,
    Generic,
    Literal,
    ParamSpec,
    Self,
    SupportsIndex,
    TypeAlias,
    TypeVar,
    TypeVarTuple,
    Unpack,
    overload,
)
from uuid import UUID

from pony.orm._attributes import Attribute, AttributeOf
from pony.orm._entity import Entity
from pony.orm._grouped import Find, Grouped
from pony.orm._modes import HasRow
from pony.orm._values import Json

MYPY: Literal[False]
_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)
_Row = TypeVar("_Row")
_P = ParamSpec("_P")
_Parts = TypeVarTuple("_Parts")
_A = TypeVar("_A")
_B = TypeVar("_B")
_C = TypeVar("_C")
_D = TypeVar("_D")
_E = TypeVar("_E", bound=Entity)
_F = TypeVar("_F")
_Owner_contra = TypeVar("_Owner_contra", contravariant=True)

NoRow: TypeAlias = (
    tuple[Any, ...] | str | float | Decimal | bytes | date | time | timedelta | UUID | Enum | None
)
"""What a query gives that isn't a row: the names of `where()` are then those of its variables."""

class DescendingValue:
    """A value to order by in a lambda, the greatest first."""

class Descending(Generic[_Owner_contra]):
    """An attribute to order by, the greatest first."""

# An attribute that a method assigns is, by pyright, also what is assigned there.
Reassigned: TypeAlias = (
    str
    | float
    | Decimal
    | bytes
    | date
    | time
    | timedelta
    | UUID
    | Enum
    | Json
    | Entity
    | DescendingValue
)

class Query(Generic[_T_co]):
    """What will be asked of the database; it's asked when the items are needed."""

    def __iter__(self) -> Iterator[_T_co]: ...
    def __len__(self) -> int: ...
    def __getitem__(self, key: slice) -> QueryResult[_T_co]: ...
    @overload
    def filter(
        self: Query[HasRow[_Row]], where: Callable[[_Row], object] | str, /
    ) -> Query[_T_co]: ...
    @overload
    def filter(
        self: Query[tuple[_A | None, _B | None]], where: Callable[[_A, _B], object], /
    ) -> Query[_T_co]: ...
    @overload
    def filter(
        self: Query[tuple[_A | None, _B | None, _C | None]],
        where: Callable[[_A, _B, _C], object],
        /,
    ) -> Query[_T_co]: ...
    @overload
    def filter(
        self: Query[tuple[_A | None, _B | None, _C | None, _D | None]],
        where: Callable[[_A, _B, _C, _D], object],
        /,
    ) -> Query[_T_co]: ...
    @overload
    def filter(
        self: Query[tuple[_A | None, _B | None, _C | None, _D | None, _F | None]],
        where: Callable[[_A, _B, _C, _D, _F], object],
        /,
    ) -> Query[_T_co]: ...
    @overload
    def filter(
        self: Query[tuple[*_Parts]], where: Callable[[Unpack[_Parts]], object], /
    ) -> Query[_T_co]: ...
    @overload
    def filter(self: Query[_T | None], where: Callable[[_T], object] | str, /) -> Query[_T_co]: ...
    @overload
    def filter(self) -> Query[_T_co]: ...
    if not MYPY:
        @overload
        def filter(
            self: Query[Grouped[Find[_P]]], /, *args: _P.args, **filters: _P.kwargs
        ) -> Query[_T_co]: ...

    @overload
    def where(
        self: Query[HasRow[_Row]], where: Callable[[_Row], object] | str, /
    ) -> Query[_T_co]: ...
    @overload
    def where(self: Query[_E], where: Callable[[_E], object] | str, /) -> Query[_T_co]: ...
    @overload
    def where(self: Query[NoRow], where: Callable[..., object] | str, /) -> Query[_T_co]: ...
    @overload
    def where(
        self, where: Callable[[Any, Any, Unpack[tuple[Any, ...]]], object] | str, /
    ) -> Query[_T_co]: ...
    @overload
    def where(self) -> Query[_T_co]: ...
    if not MYPY:
        @overload
        def where(
            self: Query[Grouped[Find[_P]]], /, *args: _P.args, **filters: _P.kwargs
        ) -> Query[_T_co]: ...

    @overload
    def order_by(
        self: Query[HasRow[_Row]], key: Callable[[_Row], object] | str, /
    ) -> Query[_T_co]: ...
    @overload
    def order_by(
        self: Query[tuple[_A | None, _B | None]], key: Callable[[_A, _B], object], /
    ) -> Query[_T_co]: ...
    @overload
    def order_by(
        self: Query[tuple[_A | None, _B | None, _C | None]], key: Callable[[_A, _B, _C], object], /
    ) -> Query[_T_co]: ...
    @overload
    def order_by(
        self: Query[tuple[_A | None, _B | None, _C | None, _D | None]],
        key: Callable[[_A, _B, _C, _D], object],
        /,
    ) -> Query[_T_co]: ...
    @overload
    def order_by(
        self: Query[tuple[_A | None, _B | None, _C | None, _D | None, _F | None]],
        key: Callable[[_A, _B, _C, _D, _F], object],
        /,
    ) -> Query[_T_co]: ...
    @overload
    def order_by(
        self: Query[tuple[*_Parts]], key: Callable[[Unpack[_Parts]], object], /
    ) -> Query[_T_co]: ...
    @overload
    def order_by(self: Query[tuple[Any, ...]], key: Callable[[Any], object], /) -> Query[_T_co]: ...
    @overload
    def order_by(self: Query[_T | None], key: Callable[[_T], object] | str, /) -> Query[_T_co]: ...
    @overload
    def order_by(self, *keys: AttributeOf[_T_co, Any] | Descending[_T_co]) -> Query[_T_co]: ...
    if not MYPY:
        @overload
        def order_by(
            self, *keys: AttributeOf[_T_co, Any] | Descending[_T_co] | Reassigned
        ) -> Query[_T_co]: ...

    @overload
    def order_by(self, *positions: int) -> Query[_T_co]: ...
    @overload
    def order_by(self, unordered: None, /) -> Query[_T_co]: ...
    @overload
    def sort_by(
        self: Query[HasRow[_Row]], key: Callable[[_Row], object] | str, /
    ) -> Query[_T_co]: ...
    @overload
    def sort_by(
        self: Query[tuple[_A | None, _B | None]], key: Callable[[_A, _B], object], /
    ) -> Query[_T_co]: ...
    @overload
    def sort_by(
        self: Query[tuple[_A | None, _B | None, _C | None]], key: Callable[[_A, _B, _C], object], /
    ) -> Query[_T_co]: ...
    @overload
    def sort_by(
        self: Query[tuple[_A | None, _B | None, _C | None, _D | None]],
        key: Callable[[_A, _B, _C, _D], object],
        /,
    ) -> Query[_T_co]: ...
    @overload
    def sort_by(
        self: Query[tuple[_A | None, _B | None, _C | None, _D | None, _F | None]],
        key: Callable[[_A, _B, _C, _D, _F], object],
        /,
    ) -> Query[_T_co]: ...
    @overload
    def sort_by(
        self: Query[tuple[*_Parts]], key: Callable[[Unpack[_Parts]], object], /
    ) -> Query[_T_co]: ...
    @overload
    def sort_by(self: Query[tuple[Any, ...]], key: Callable[[Any], object], /) -> Query[_T_co]: ...
    @overload
    def sort_by(self: Query[_T | None], key: Callable[[_T], object] | str, /) -> Query[_T_co]: ...
    @overload
    def sort_by(self, *keys: AttributeOf[_T_co, Any] | Descending[_T_co]) -> Query[_T_co]: ...
    if not MYPY:
        @overload
        def sort_by(
            self, *keys: AttributeOf[_T_co, Any] | Descending[_T_co] | Reassigned
        ) -> Query[_T_co]: ...

    @overload
    def sort_by(self, *positions: int) -> Query[_T_co]: ...
    @overload
    def sort_by(self, unordered: None, /) -> Query[_T_co]: ...
    def prefetch(self, *what: Attribute[Any] | type[Entity] | Entity) -> Self: ...
    def without_distinct(self) -> Self: ...
    def distinct(self) -> Self: ...
    def for_update(self, nowait: bool = False, skip_locked: bool = False) -> Self: ...
    def first(self) -> _T_co | None: ...
    def get(self) -> _T_co | None: ...
    def exists(self) -> bool: ...
    def fetch(self, limit: int | None = None, offset: int | None = None) -> QueryResult[_T_co]: ...
    def limit(self, limit: int | None = None, offset: int | None = None) -> QueryResult[_T_co]: ...
    def page(self, pagenum: int, pagesize: int = 10) -> QueryResult[_T_co]: ...
    def random(self, limit: int) -> QueryResult[_T_co]: ...
    def to_list(self) -> list[_T_co]: ...
    def delete(self, bulk: bool | None = None) -> int: ...
    def count(self, distinct: bool | None = None) -> int: ...
    # By overloads: of a variable with constraints, mypy doesn't check them where it is a `self`.
    @overload
    def sum(self: Query[int | None], distinct: bool | None = None) -> int: ...
    @overload
    def sum(self: Query[float | None], distinct: bool | None = None) -> float: ...
    @overload
    def sum(self: Query[Decimal | None], distinct: bool | None = None) -> Decimal: ...
    def avg(
        self: Query[int | float | Decimal | None], distinct: bool | None = None
    ) -> float | None: ...
    def min(self: Query[_T | None]) -> _T | None: ...
    def max(self: Query[_T | None]) -> _T | None: ...
    def group_concat(self, sep: str | None = None, distinct: bool | None = None) -> str | None: ...
    def get_sql(self) -> str: ...
    def show(self, width: int | None = None, stream: Any = None) -> None: ...
    def to_json(self, *args: Any, **kwargs: Any) -> str: ...

class QueryResult(Sequence[_T_co]):
    """The items of a query, fetched when the first of them is needed."""

    @overload
    def __getitem__(self, key: SupportsIndex) -> _T_co: ...
    @overload
    def __getitem__(self, key: slice) -> list[_T_co]: ...
    def __len__(self) -> int: ...
    def __add__(self, other: Sequence[_T]) -> list[_T_co | _T]: ...
    def __radd__(self, other: Sequence[_T]) -> list[_T_co | _T]: ...
    def reverse(self) -> None: ...
    def sort(self, *, key: Callable[[_T_co], Any] = ..., reverse: bool = ...) -> None: ...
    def shuffle(self) -> None: ...
    def to_list(self) -> list[_T_co]: ...
    def show(self, width: int | None = None, stream: Any = None) -> None: ...
    def to_json(self, *args: Any, **kwargs: Any) -> str: ...
