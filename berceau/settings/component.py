"""How a component declares its settings, and how its code gets their values."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Self, TypeVar, dataclass_transform, overload

from berceau.errors import ComponentError, SettingsError
from berceau.settings.secrets import HIDDEN

_Value = TypeVar("_Value")


@dataclasses.dataclass(frozen=True)
class Description:
    """What is declared of a setting beside its name, type and default."""

    help: str
    secret: bool


@overload
def setting(*, help: str, secret: bool = False) -> Any: ...


@overload
def setting(*, default: _Value, help: str, secret: bool = False) -> _Value: ...


def setting(*, help: str, secret: bool = False, default: Any = dataclasses.MISSING) -> Any:  # noqa: A002 - what argparse and invoke call it
    """Declare a setting of a component, in the body of its ``ComponentSettings``.

    ``help`` is one line for people. Without a ``default``, the setting is required. A ``secret``
    is read from the environment and ``.env`` only, and shown nowhere.
    """
    return dataclasses.field(default=default, metadata={"setting": Description(help, secret)})


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(setting,))
class ComponentSettings:
    """The settings of a component: derive one class from it, in the component's ``settings.py``.

    Each attribute has a type, and is a ``setting()``. The class becomes a frozen dataclass, so a
    test can make one by keywords. An example::

        class MailSettings(ComponentSettings):
            '''How mail is sent.'''

            sender: str = setting(help="the address that mail comes from")
            port: int = setting(default=25, help="the server's port")
            password: str = setting(secret=True, help="the server's password")
    """

    def __init_subclass__(cls, **options: Any) -> None:
        """Make a frozen dataclass of the class. Raises ``ComponentError``."""
        super().__init_subclass__(**options)
        for name in vars(cls).get("__annotations__", {}):
            _require_setting(cls, name)
        dataclasses.dataclass(frozen=True, kw_only=True, repr=False)(cls)

    @classmethod
    def current(cls) -> Self:
        """Return the settings of the running application, command or test.

        In a request, they are those of its application. Raises ``SettingsError`` where none were
        read yet, or where several applications of this process differ in them.
        """
        active = _ACTIVE.get()
        known = _started if active is None else [active]
        known = [_overridden] if cls in _overridden else known
        found: list[Self] = []
        for values in known:
            value = values.get(cls)
            if isinstance(value, cls) and value not in found:
                found.append(value)
        if len(found) != 1:
            raise _several(cls) if found else _unread(cls)
        return found[0]

    def __repr__(self) -> str:
        values = (f"{name}={self._shown(name)}" for name in declared(type(self)))
        return f"{type(self).__name__}({', '.join(values)})"

    def _shown(self, name: str) -> str:
        return HIDDEN if declared(type(self))[name].secret else repr(getattr(self, name))


Values = Mapping[type[ComponentSettings], ComponentSettings]
"""The settings of all components of an application, by their classes."""

_ACTIVE: ContextVar[Values | None] = ContextVar("component_settings", default=None)
_started: list[Values] = []
_overridden: dict[type[ComponentSettings], ComponentSettings] = {}


def declared(kind: type[ComponentSettings]) -> dict[str, Description]:
    """Return the settings of ``kind`` by name, in order."""
    return {each.name: each.metadata["setting"] for each in dataclasses.fields(kind)}  # type: ignore[arg-type] # made one above


def begin(values: Values) -> None:
    """Let ``current()`` find ``values`` everywhere in this process."""
    if values and values not in _started:
        _started.append(values)


@contextmanager
def using(values: Values) -> Iterator[None]:
    """Let ``current()`` find ``values``, and no others, while the body runs, in its thread."""
    token = _ACTIVE.set(values)
    try:
        yield
    finally:
        _ACTIVE.reset(token)


@contextmanager
def during_test(values: Values, overridden: Values) -> Iterator[None]:
    """Let ``current()`` find ``values`` in all threads, while the body runs: a test.

    Applications find their own, but for those that are ``overridden``.
    """
    before = _started[:]
    _started[:] = [values]
    _overridden.update(overridden)
    try:
        yield
    finally:
        _started[:] = before
        _overridden.clear()


def _require_setting(cls: type, name: str) -> None:
    value = vars(cls).get(name)
    field = value if isinstance(value, dataclasses.Field) else None
    described = field.metadata.get("setting") if field else None
    if field is None or described is None or name.startswith("_"):
        raise ComponentError(
            f"{cls.__name__}.{name} isn't declared as a setting.",
            cure=f'Write {name.lstrip("_")}: TYPE = setting(help="what it is"), perhaps with '
            "default= or secret=True.",
        )
    if hasattr(ComponentSettings, name):
        raise ComponentError(
            f"A setting can't be called {name}: ComponentSettings has an attribute of this name.",
            cure="Rename it.",
        )
    if len(described.help.splitlines()) != 1 or not described.help.strip():
        raise ComponentError(
            f"The help of {cls.__name__}.{name} isn't one line.",
            cure="Say in one line what the setting is.",
        )
    if type(field.default).__hash__ is None:  # what dataclasses refuse, with words for others
        raise ComponentError(
            f"{cls.__name__}.{name} has a default that code could change: {field.default!r}.",
            cure="Use a tuple for several values: tuple[str, ...] = setting(default=(), ...).",
        )


def _several(cls: type) -> SettingsError:
    return SettingsError(
        f"{cls.__name__} has different values in several applications of this process.",
        cure="Read it while a request is answered, or in the component's includeme.",
    )


def _unread(cls: type) -> SettingsError:
    return SettingsError(
        f"{cls.__name__} isn't read yet.",
        cure="It is read from the component's settings.py when the application starts. Read it in "
        "a function, not while a module is imported; in a test, use the fixture db or app.",
    )
