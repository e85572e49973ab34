# mypy: ignore-errors
"""Attributes: descriptors that know what they give and what they take.

A line after ``# for each`` is repeated by ``invoke build`` for every entity that another module
relates to, so that a relation may name it as a string.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import (
    Any,
    Generic,
    Literal,
    Never,
    Self,
    TypeVar,
    Unpack,
    overload,
)
from uuid import UUID

from pony.orm._collection import SetInstance
from pony.orm._entity import Entity
from pony.orm._modes import HasItem, HasItems, HasRow, Item, Items, Row
from pony.orm._options import FreeValue, Many, One, Value
from pony.orm._queried import ArrayInQuery, Inner, InQuery, Lifted, Null
from pony.orm._query import Descending
from pony.orm._values import Array, Json, JsonValue, LongStr
from typing_extensions import TypeForm

# for each import MODULE

MYPY: Literal[False]
_Value_co = TypeVar("_Value_co", covariant=True)
_Value = TypeVar("_Value")
_Owner = TypeVar("_Owner")
_Owner_contra = TypeVar("_Owner_contra", contravariant=True)
_Row = TypeVar("_Row")
_Item = TypeVar("_Item", int, str, float)
# One of these, not a union: where the default doesn't fit, no overload does.
_T = TypeVar("_T", bool, int, float, str, Decimal, datetime, date, time, timedelta, UUID, bytes)
_Enum = TypeVar("_Enum", bound=Enum)
_E = TypeVar("_E", bound=Entity)
_Related_co = TypeVar("_Related_co", covariant=True)

class Attribute(Generic[_Value_co]):
    name: str
    entity: type[Entity]
    py_type: Any
    nullable: bool
    is_required: bool
    is_unique: bool
    is_pk: bool

class AttributeOf(Attribute[_Value_co], Generic[_Owner_contra, _Value_co]):
    """An attribute of an entity, as the entity's class gives it: to order by, or to prefetch."""

    @property
    def asc(self) -> Self: ...
    @property
    def desc(self) -> Descending[_Owner_contra]: ...

# `title: str = Required(str)` is right: to pyright, what derives from Any fits any annotation. The
# plugin for mypy drops the annotation.
if MYPY:
    class Annotated: ...

else:
    class Annotated(Any): ...

class Required(Attribute[_Value_co], Annotated):
    def __new__(cls, *args: Any, **options: Any) -> Self: ...
    @overload
    def __set__(self: Attribute[Json], obj: object, value: JsonValue) -> None: ...
    @overload
    def __set__(self: Attribute[Decimal], obj: object, value: Decimal | int) -> None: ...
    @overload
    def __set__(self, obj: object, value: _Value_co) -> None: ...
    @overload
    def __get__(self, obj: None, owner: type[_Owner]) -> AttributeOf[_Owner, _Value_co]: ...
    @overload
    def __get__(self: Attribute[Json], obj: object, owner: object = ...) -> Any: ...
    @overload
    def __get__(
        self: Attribute[HasRow[_Row]], obj: InQuery[Any, Row], owner: object = ...
    ) -> _Row: ...
    @overload
    def __get__(
        self: Attribute[HasItem[_Row]], obj: InQuery[Any, Item], owner: object = ...
    ) -> _Row: ...
    @overload
    def __get__(
        self: Attribute[HasItems[_Row]], obj: InQuery[Any, Items], owner: object = ...
    ) -> _Row: ...
    @overload
    def __get__(
        self: Attribute[list[_Value]], obj: InQuery[Any, Row | Item], owner: object = ...
    ) -> ArrayInQuery[_Value]: ...
    @overload
    def __get__(self, obj: InQuery[Any, Item], owner: object = ...) -> _Value_co | Inner: ...
    @overload
    def __get__(self, obj: InQuery[Any, Items], owner: object = ...) -> Lifted[_Value_co]: ...
    @overload
    def __get__(self, obj: object, owner: object = ...) -> _Value_co: ...
    @overload
    def __init__(
        self: Required[str],
        py_type: type[LongStr],
        length: int = ...,
        /,
        *,
        default: str | Callable[[], str] = ...,
        py_check: Callable[[str], object] = ...,
        **options: Unpack[FreeValue],
    ) -> None: ...
    @overload
    def __init__(
        self: Required[Json],
        py_type: type[Json],
        /,
        *,
        default: JsonValue | Callable[[], JsonValue] = ...,
        py_check: Callable[[JsonValue], object] = ...,
        **options: Unpack[FreeValue],
    ) -> None: ...
    @overload
    def __init__(
        self: Required[list[_Item]],
        py_type: type[Array[_Item]],
        /,
        *,
        default: Sequence[_Item] | Callable[[], Sequence[_Item]] = ...,
        py_check: Callable[[list[_Item]], object] = ...,
        **options: Unpack[FreeValue],
    ) -> None: ...
    @overload
    def __init__(
        self: Required[_Enum],
        py_type: type[_Enum],
        /,
        *,
        default: _Enum | Callable[[], _Enum] = ...,
        py_check: Callable[[_Enum], object] = ...,
        **options: Unpack[FreeValue],
    ) -> None: ...
    @overload
    def __init__(
        self: Required[_E],
        py_type: type[_E] | Callable[[], type[_E]] | TypeForm[_E],
        /,
        **options: Unpack[One],
    ) -> None: ...
    @overload
    def __init__(
        self: Required[_T],
        py_type: type[_T],
        length: int = ...,
        scale: int = ...,
        /,
        *,
        default: _T | Callable[[], _T] = ...,
        py_check: Callable[[_T], object] = ...,
        **options: Unpack[FreeValue],
    ) -> None: ...
    # for each if not MYPY:
    # for each     @overload
    # for each     def __init__(self: Required[ENTITY], py_type: Literal["NAME"], /, **options: Unpack[One]) -> None: ...

class Optional(Attribute[_Value_co], Annotated):
    def __new__(cls, *args: Any, **options: Any) -> Self: ...
    @overload
    def __set__(self: Attribute[Json], obj: object, value: JsonValue) -> None: ...
    @overload
    def __set__(
        self: Attribute[Decimal | None], obj: object, value: Decimal | int | None
    ) -> None: ...
    @overload
    def __set__(self, obj: object, value: _Value_co) -> None: ...
    @overload
    def __get__(self, obj: None, owner: type[_Owner]) -> AttributeOf[_Owner, _Value_co]: ...
    @overload
    def __get__(self: Attribute[Json], obj: object, owner: object = ...) -> Any: ...
    @overload
    def __get__(
        self: Attribute[HasRow[_Row] | None], obj: InQuery[Any, Row], owner: object = ...
    ) -> _Row | Null: ...
    @overload
    def __get__(
        self: Attribute[HasItem[_Row] | None], obj: InQuery[Any, Item], owner: object = ...
    ) -> _Row | Null: ...
    @overload
    def __get__(
        self: Attribute[HasItems[_Row] | None], obj: InQuery[Any, Items], owner: object = ...
    ) -> _Row: ...
    @overload
    def __get__(
        self: Attribute[list[_Value] | None], obj: InQuery[Any, Row | Item], owner: object = ...
    ) -> ArrayInQuery[_Value]: ...
    @overload
    def __get__(self: Attribute[str], obj: InQuery[Any, Row], owner: object = ...) -> _Value_co: ...
    @overload
    def __get__(
        self: Attribute[_Value | None], obj: InQuery[Any, Row], owner: object = ...
    ) -> _Value | Null: ...
    @overload
    def __get__(
        self: Attribute[str], obj: InQuery[Any, Item], owner: object = ...
    ) -> _Value_co | Inner: ...
    @overload
    def __get__(
        self: Attribute[_Value | None], obj: InQuery[Any, Item], owner: object = ...
    ) -> _Value | Null | Inner: ...
    @overload
    def __get__(
        self: Attribute[_Value | None], obj: InQuery[Any, Items], owner: object = ...
    ) -> Lifted[_Value]: ...
    @overload
    def __get__(self, obj: object, owner: object = ...) -> _Value_co: ...
    @overload
    def __init__(
        self: Optional[_Enum | None],
        py_type: type[_Enum],
        /,
        *,
        default: _Enum | Callable[[], _Enum] = ...,
        py_check: Callable[[_Enum], object] = ...,
        **options: Unpack[FreeValue],
    ) -> None: ...
    @overload
    def __init__(
        self: Optional[str | None],
        py_type: type[str],
        length: int = ...,
        /,
        *,
        nullable: Literal[True],
        unique: bool = ...,
        default: str | Callable[[], str] = ...,
        py_check: Callable[[str], object] = ...,
        **options: Unpack[Value],
    ) -> None: ...
    @overload
    def __init__(
        self: Optional[str | None],
        py_type: type[str],
        length: int = ...,
        /,
        *,
        unique: Literal[True],
        nullable: bool = ...,
        default: str | Callable[[], str] = ...,
        py_check: Callable[[str], object] = ...,
        **options: Unpack[Value],
    ) -> None: ...
    @overload
    def __init__(
        self: Optional[str],
        py_type: type[str],
        length: int = ...,
        /,
        *,
        default: str | Callable[[], str] = ...,
        py_check: Callable[[str], object] = ...,
        **options: Unpack[FreeValue],
    ) -> None: ...
    @overload
    def __init__(
        self: Optional[Json],
        py_type: type[Json],
        /,
        *,
        default: JsonValue | Callable[[], JsonValue] = ...,
        py_check: Callable[[JsonValue], object] = ...,
        **options: Unpack[FreeValue],
    ) -> None: ...
    @overload
    def __init__(
        self: Optional[list[_Item] | None],
        py_type: type[Array[_Item]],
        /,
        *,
        nullable: Literal[True],
        unique: bool = ...,
        default: Sequence[_Item] | Callable[[], Sequence[_Item]] = ...,
        py_check: Callable[[list[_Item]], object] = ...,
        **options: Unpack[Value],
    ) -> None: ...
    @overload
    def __init__(
        self: Optional[list[_Item]],
        py_type: type[Array[_Item]],
        /,
        *,
        default: Sequence[_Item] | Callable[[], Sequence[_Item]] = ...,
        py_check: Callable[[list[_Item]], object] = ...,
        **options: Unpack[FreeValue],
    ) -> None: ...
    @overload
    def __init__(
        self: Optional[_E | None],
        py_type: type[_E] | Callable[[], type[_E]] | TypeForm[_E],
        /,
        **options: Unpack[One],
    ) -> None: ...
    @overload
    def __init__(
        self: Optional[_T | None],
        py_type: type[_T],
        length: int = ...,
        scale: int = ...,
        /,
        *,
        default: _T | Callable[[], _T] = ...,
        py_check: Callable[[_T], object] = ...,
        **options: Unpack[FreeValue],
    ) -> None: ...
    # for each if not MYPY:
    # for each     @overload
    # for each     def __init__(self: Optional[ENTITY | None], py_type: Literal["NAME"], /, **options: Unpack[One]) -> None: ...

class PrimaryKey(Required[_Value_co]):
    def __set__(self, obj: object, value: Never) -> None: ...
    @overload
    def __init__(
        self: PrimaryKey[tuple[Any, ...]],
        first: Attribute[Any],
        second: Attribute[Any],
        /,
        *more: Attribute[Any],
    ) -> None: ...
    @overload
    def __init__(
        self: PrimaryKey[_Enum],
        py_type: type[_Enum],
        /,
        *,
        default: _Enum | Callable[[], _Enum] = ...,
        py_check: Callable[[_Enum], object] = ...,
        **options: Unpack[FreeValue],
    ) -> None: ...
    @overload
    def __init__(
        self: PrimaryKey[_E],
        py_type: type[_E] | Callable[[], type[_E]] | TypeForm[_E],
        /,
        **options: Unpack[One],
    ) -> None: ...
    @overload
    def __init__(
        self: PrimaryKey[_T],
        py_type: type[_T],
        length: int = ...,
        scale: int = ...,
        /,
        *,
        default: _T | Callable[[], _T] = ...,
        py_check: Callable[[_T], object] = ...,
        **options: Unpack[FreeValue],
    ) -> None: ...
    # for each if not MYPY:
    # for each     @overload
    # for each     def __init__(self: PrimaryKey[ENTITY], py_type: Literal["NAME"], /, **options: Unpack[One]) -> None: ...

class Discriminator(Required[_Value_co]):
    def __init__(
        self: Discriminator[_T], py_type: type[_T], /, **options: Unpack[FreeValue]
    ) -> None: ...

class Collection(Attribute[_Related_co]):
    @overload
    def __get__(self, obj: None, owner: type[_Owner]) -> AttributeOf[_Owner, _Related_co]: ...
    @overload
    def __get__(
        self: Collection[HasItems[_Row]], obj: InQuery[Any, Any], owner: object = ...
    ) -> _Row: ...
    @overload
    def __get__(self, obj: object, owner: object = ...) -> SetInstance[_Related_co]: ...
    def __set__(self, obj: object, value: _Related_co | Iterable[_Related_co]) -> None: ...

class Set(Collection[_Related_co]):
    @overload
    def __init__(
        self: Set[_E],
        py_type: type[_E] | Callable[[], type[_E]] | TypeForm[_E],
        /,
        **options: Unpack[Many],
    ) -> None: ...
    # for each if not MYPY:
    # for each     @overload
    # for each     def __init__(self: Set[ENTITY], py_type: Literal["NAME"], /, **options: Unpack[Many]) -> None: ...

def composite_key(*attributes: Attribute[Any] | str) -> None: ...
def composite_index(*attributes: Attribute[Any] | str) -> None: ...
