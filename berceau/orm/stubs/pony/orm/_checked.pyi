# mypy: ignore-errors
"""What is checked by the plugin for mypy, by overloads for each entity, or by groups of these."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, ParamSpec, Self, TypeVar

import pony.orm._grouped as _grouped
from pony.orm._entity import Entity, Queryable
from pony.orm._grouped import Grouped
from pony.orm._modes import is_ty
from pony.orm._project import ProjectEntity
from pony.orm._query import Query

MYPY: Literal[False]
_E = TypeVar("_E", bound=Entity)
_Row = TypeVar("_Row")
_K = TypeVar("_K")
_R = TypeVar("_R")
_P = ParamSpec("_P")

if MYPY:
    class CheckedMeta(type):
        def __getitem__(cls: type[_E], key: Any, /) -> _E: ...
        def get(
            cls: type[Queryable[_E, _Row]],
            where: Callable[[_Row], object] | str = ...,
            /,
            **filters: Any,
        ) -> _E | None: ...
        def get_for_update(
            cls: type[Queryable[_E, _Row]],
            where: Callable[[_Row], object] | str = ...,
            /,
            nowait: bool = ...,
            skip_locked: bool = ...,
            **filters: Any,
        ) -> _E | None: ...
        def exists(
            cls: type[Queryable[_E, _Row]],
            where: Callable[[_Row], object] | str = ...,
            /,
            **filters: Any,
        ) -> bool: ...
        def get_or_create(
            cls: type[_E], defaults: Mapping[str, Any] = ..., **key: Any
        ) -> tuple[_E, bool]: ...
        def upsert(
            cls: type[_E],
            defaults: Mapping[str, Any] = ...,
            create_defaults: Mapping[str, Any] = ...,
            **key: Any,
        ) -> tuple[_E, bool]: ...
        def bulk_create(
            cls, rows: Iterable[Mapping[str, Any]], *, ignore_conflicts: bool = ...
        ) -> list[Any]: ...
        def select(
            cls: type[Queryable[_E, _Row]],
            where: Callable[[_Row], object] | str = ...,
            /,
            **filters: Any,
        ) -> Query[_E]: ...

    class CheckedEntity:
        def _row_(self) -> Self: ...
        def _item_(self) -> Self: ...
        def _items_(self) -> Self: ...
        def __init__(self, **values: Any) -> None: ...
        def set(self, **values: Any) -> None: ...

elif is_ty():
    from pony.orm._overloaded import OverloadedEntity, OverloadedMeta

    class CheckedMeta(OverloadedMeta): ...
    class CheckedEntity(OverloadedEntity): ...

else:
    class CheckedMeta(type):
        def __getitem__(cls: type[Grouped[_grouped.Keyed[_K, _R]]], key: _K, /) -> _R: ...
        def get(
            cls: type[Grouped[_grouped.Get[_P, _R]]], /, *args: _P.args, **values: _P.kwargs
        ) -> _R: ...
        def get_for_update(
            cls: type[Grouped[_grouped.GetForUpdate[_P, _R]]],
            /,
            *args: _P.args,
            **values: _P.kwargs,
        ) -> _R: ...
        def exists(
            cls: type[Grouped[_grouped.Exists[_P, _R]]], /, *args: _P.args, **values: _P.kwargs
        ) -> _R: ...
        def get_or_create(
            cls: type[Grouped[_grouped.GetOrCreate[_P, _R]]], /, *args: _P.args, **values: _P.kwargs
        ) -> _R: ...
        def upsert(
            cls: type[Grouped[_grouped.Upsert[_P, _R]]], /, *args: _P.args, **values: _P.kwargs
        ) -> _R: ...
        def bulk_create(
            cls: type[Grouped[_grouped.BulkCreate[_P, _R]]], /, *args: _P.args, **values: _P.kwargs
        ) -> _R: ...
        def select(
            cls: type[Grouped[_grouped.Select[_P, _R]]], /, *args: _P.args, **values: _P.kwargs
        ) -> _R: ...

    class CheckedEntity(ProjectEntity):
        def __init__(
            self: Grouped[_grouped.New[_P]], /, *args: _P.args, **values: _P.kwargs
        ) -> None: ...
        def set(
            self: Grouped[_grouped.Set[_P]], /, *args: _P.args, **values: _P.kwargs
        ) -> None: ...
