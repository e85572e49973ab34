# mypy: ignore-errors
"""What is checked by overloads of all entities, or by the plugin for mypy, which is faster.

Only mypy takes `MYPY` for true.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, Self, TypeVar

from pony.orm._entity import Entity, Queryable
from pony.orm._project import ProjectEntity, ProjectMeta
from pony.orm._query import Query

MYPY: Literal[False]
_E = TypeVar("_E", bound=Entity)
_Row = TypeVar("_Row")

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

else:
    class CheckedMeta(ProjectMeta): ...
    class CheckedEntity(ProjectEntity): ...
