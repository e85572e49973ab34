# mypy: ignore-errors
"""What is checked by overloads of all entities, or by the plugin for mypy, which is faster.

Of two classes with one name, pyright takes the last.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from pony.orm._entity import Entity
from pony.orm._project import ProjectEntity, ProjectMeta

MYPY: bool
_E = TypeVar("_E", bound=Entity)

if MYPY:
    class CheckedMeta(type):
        def __getitem__(cls: type[_E], key: Any, /) -> _E: ...
        def get(
            cls: type[_E], where: Callable[[_E], object] | str = ..., /, **filters: Any
        ) -> _E | None: ...
        def get_for_update(
            cls: type[_E],
            where: Callable[[_E], object] | str = ...,
            /,
            nowait: bool = ...,
            skip_locked: bool = ...,
            **filters: Any,
        ) -> _E | None: ...
        def exists(
            cls: type[_E], where: Callable[[_E], object] | str = ..., /, **filters: Any
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

    class CheckedEntity:
        def __init__(self, **values: Any) -> None: ...
        def set(self, **values: Any) -> None: ...

else:
    class CheckedMeta(ProjectMeta): ...
    class CheckedEntity(ProjectEntity): ...
