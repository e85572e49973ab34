# mypy: ignore-errors
"""Attributes: descriptors that know what they give and what they take.

A line after ``# for each`` is repeated by ``invoke build`` for every entity of the project, so that
a relation may name its entity as a string.
"""

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import (
    Any,
    Generic,
    Literal,
    Never,
    Self,
    TypedDict,
    TypeVar,
    Unpack,
    overload,
)

from pony.orm._collection import SetInstance
from pony.orm._entity import Entity
from pony.orm._values import Array, Json, JsonValue, LongStr
from typing_extensions import TypeForm

# for each import MODULE

_Get = TypeVar("_Get", covariant=True)
_Put = TypeVar("_Put", contravariant=True)
_T = TypeVar("_T")
_Enum = TypeVar("_Enum", bound=Enum)
_E = TypeVar("_E", bound=Entity)

class _Column(TypedDict, total=False):
    sql_type: str
    column: str
    index: str | bool
    lazy: bool
    volatile: bool
    optimistic: bool
    sql_default: str | bool
    hidden: bool

class _Value(_Column, total=False):
    auto: bool
    size: Literal[8, 16, 24, 32, 64]
    unsigned: bool
    precision: int
    scale: int
    min: object
    max: object
    max_len: int
    autostrip: bool

class _FreeValue(_Value, total=False):
    unique: bool
    nullable: bool

class _One(_Column, total=False):
    unique: bool
    nullable: bool
    columns: Sequence[str]
    reverse: str | Attribute[Any, Any]
    reverse_index: str | bool
    cascade_delete: bool
    fk_name: str
    interleave: bool

class _Many(TypedDict, total=False):
    reverse: str | Attribute[Any, Any]
    cascade_delete: bool
    lazy: bool
    volatile: bool
    table: str | tuple[str, str]
    column: str
    columns: Sequence[str]
    reverse_column: str
    reverse_columns: Sequence[str]
    nplus1_threshold: int
    index: str | bool
    reverse_index: str | bool
    fk_name: str
    reverse_fk_name: str
    sql_type: str
    hidden: bool

class Attribute(Generic[_Get, _Put]):
    name: str
    entity: type[Entity]
    py_type: Any
    nullable: bool
    is_required: bool
    is_unique: bool
    is_pk: bool
    @overload
    def __get__(self, obj: None, owner: type[Any] | None = ...) -> Self: ...
    @overload
    def __get__(self, obj: object, owner: type[Any] | None = ...) -> _Get: ...
    def __set__(self, obj: object, value: _Put) -> None: ...

class Required(Attribute[_Get, _Put]):
    @overload
    def __init__(
        self: Required[str, str],
        py_type: type[LongStr],
        length: int = ...,
        /,
        *,
        default: str | Callable[[], str] = ...,
        py_check: Callable[[str], object] = ...,
        **options: Unpack[_FreeValue],
    ) -> None: ...
    @overload
    def __init__(
        self: Required[Any, JsonValue],
        py_type: type[Json],
        /,
        *,
        default: JsonValue | Callable[[], JsonValue] = ...,
        py_check: Callable[[JsonValue], object] = ...,
        **options: Unpack[_FreeValue],
    ) -> None: ...
    @overload
    def __init__(
        self: Required[list[_T], Sequence[_T]],
        py_type: type[Array[_T]],
        /,
        *,
        default: Sequence[_T] | Callable[[], Sequence[_T]] = ...,
        py_check: Callable[[list[_T]], object] = ...,
        **options: Unpack[_FreeValue],
    ) -> None: ...
    @overload
    def __init__(
        self: Required[_E, _E],
        py_type: type[_E] | Callable[[], type[_E]] | TypeForm[_E],
        /,
        **options: Unpack[_One],
    ) -> None: ...
    @overload
    def __init__(
        self: Required[_T, _T],
        py_type: type[_T],
        length: int = ...,
        scale: int = ...,
        /,
        *,
        default: _T | Callable[[], _T] = ...,
        py_check: Callable[[_T], object] = ...,
        **options: Unpack[_FreeValue],
    ) -> None: ...
    # for each @overload
    # for each def __init__(self: Required[ENTITY, ENTITY], py_type: Literal["NAME"], /, **options: Unpack[_One]) -> None: ...

class Optional(Attribute[_Get, _Put]):
    @overload
    def __init__(
        self: Optional[_Enum | None, _Enum | None],
        py_type: type[_Enum],
        /,
        *,
        default: _Enum | Callable[[], _Enum] = ...,
        py_check: Callable[[_Enum], object] = ...,
        **options: Unpack[_FreeValue],
    ) -> None: ...
    @overload
    def __init__(
        self: Optional[str | None, str | None],
        py_type: type[str],
        length: int = ...,
        /,
        *,
        nullable: Literal[True],
        unique: bool = ...,
        default: str | Callable[[], str] = ...,
        py_check: Callable[[str], object] = ...,
        **options: Unpack[_Value],
    ) -> None: ...
    @overload
    def __init__(
        self: Optional[str | None, str | None],
        py_type: type[str],
        length: int = ...,
        /,
        *,
        unique: Literal[True],
        nullable: bool = ...,
        default: str | Callable[[], str] = ...,
        py_check: Callable[[str], object] = ...,
        **options: Unpack[_Value],
    ) -> None: ...
    @overload
    def __init__(
        self: Optional[str, str],
        py_type: type[str],
        length: int = ...,
        /,
        *,
        default: str | Callable[[], str] = ...,
        py_check: Callable[[str], object] = ...,
        **options: Unpack[_FreeValue],
    ) -> None: ...
    @overload
    def __init__(
        self: Optional[Any, JsonValue],
        py_type: type[Json],
        /,
        *,
        default: JsonValue | Callable[[], JsonValue] = ...,
        py_check: Callable[[JsonValue], object] = ...,
        **options: Unpack[_FreeValue],
    ) -> None: ...
    @overload
    def __init__(
        self: Optional[list[_T] | None, Sequence[_T] | None],
        py_type: type[Array[_T]],
        /,
        *,
        nullable: Literal[True],
        unique: bool = ...,
        default: Sequence[_T] | Callable[[], Sequence[_T]] = ...,
        py_check: Callable[[list[_T]], object] = ...,
        **options: Unpack[_Value],
    ) -> None: ...
    @overload
    def __init__(
        self: Optional[list[_T], Sequence[_T]],
        py_type: type[Array[_T]],
        /,
        *,
        default: Sequence[_T] | Callable[[], Sequence[_T]] = ...,
        py_check: Callable[[list[_T]], object] = ...,
        **options: Unpack[_FreeValue],
    ) -> None: ...
    @overload
    def __init__(
        self: Optional[_E | None, _E | None],
        py_type: type[_E] | Callable[[], type[_E]] | TypeForm[_E],
        /,
        **options: Unpack[_One],
    ) -> None: ...
    @overload
    def __init__(
        self: Optional[_T | None, _T | None],
        py_type: type[_T],
        length: int = ...,
        scale: int = ...,
        /,
        *,
        default: _T | Callable[[], _T] = ...,
        py_check: Callable[[_T], object] = ...,
        **options: Unpack[_FreeValue],
    ) -> None: ...
    # for each @overload
    # for each def __init__(self: Optional[ENTITY | None, ENTITY | None], py_type: Literal["NAME"], /, **options: Unpack[_One]) -> None: ...

class PrimaryKey(Required[_Get, _Put]):
    @overload
    def __init__(
        self: PrimaryKey[tuple[Any, ...], Never],
        first: Attribute[Any, Any],
        second: Attribute[Any, Any],
        /,
        *more: Attribute[Any, Any],
    ) -> None: ...
    @overload
    def __init__(
        self: PrimaryKey[_E, Never],
        py_type: type[_E] | Callable[[], type[_E]] | TypeForm[_E],
        /,
        **options: Unpack[_One],
    ) -> None: ...
    @overload
    def __init__(
        self: PrimaryKey[_T, Never],
        py_type: type[_T],
        length: int = ...,
        scale: int = ...,
        /,
        *,
        default: _T | Callable[[], _T] = ...,
        py_check: Callable[[_T], object] = ...,
        **options: Unpack[_FreeValue],
    ) -> None: ...
    # for each @overload
    # for each def __init__(self: PrimaryKey[ENTITY, Never], py_type: Literal["NAME"], /, **options: Unpack[_One]) -> None: ...

class Discriminator(Required[_Get, _Put]):
    def __init__(
        self: Discriminator[_T, Never], py_type: type[_T], /, **options: Unpack[_FreeValue]
    ) -> None: ...

class Collection(Attribute[SetInstance[_E], _E | Iterable[_E]]): ...

class Set(Collection[_E]):
    @overload
    def __init__(
        self: Set[_E],
        py_type: type[_E] | Callable[[], type[_E]] | TypeForm[_E],
        /,
        **options: Unpack[_Many],
    ) -> None: ...
    # for each @overload
    # for each def __init__(self: Set[ENTITY], py_type: Literal["NAME"], /, **options: Unpack[_Many]) -> None: ...

def composite_key(*attributes: Attribute[Any, Any]) -> None: ...
def composite_index(*attributes: Attribute[Any, Any]) -> None: ...
