"""The class of entities on the global ``Database``."""

from typing import Any

from pony.orm import core

from berceau.orm import extension
from berceau.orm.creation import Creation
from berceau.orm.made import is_hidden
from berceau.orm.unknown_subclasses import criterion_of_root


class EntityMeta(Creation):  # "EntityMeta": Pony knows it by this name
    """Pony's, with more ways to look up and create; it extends entities, and hides sides."""

    # Of a method that a query calls, Pony asks the class of the entity itself.
    select, exists = core.EntityMeta.select, core.EntityMeta.exists

    def __new__(
        meta, name: str, bases: tuple[type, ...], body: dict[str, Any], *, extend: bool = False
    ) -> Any:
        """Return a new entity, or with ``extend`` the one that is the base."""
        if extend:
            return extension.extend(name, bases, body)
        return super().__new__(meta, name, bases, body)

    def __init__(
        self, name: str, bases: tuple[type, ...], body: dict[str, Any], *, extend: bool = False
    ) -> None:
        if not extend:
            super().__init__(name, bases, body)

    def _get_attrs_(
        self, only: Any = None, exclude: Any = None, *collections_and_lazy: bool
    ) -> tuple[Any, ...]:
        """Return the attributes that ``to_dict()`` gives."""
        found: tuple[Any, ...] = super()._get_attrs_(only, exclude, *collections_and_lazy)
        return found if only else tuple(each for each in found if not is_hidden(each))

    def _construct_discriminator_criteria_(self, alias: str | None = None) -> list[Any] | None:
        """Return what a query demands of rows of this entity and its subclasses, as syntax."""
        if self._root_ is self and self._discriminator_attr_ is not None:
            return criterion_of_root(self._discriminator_attr_, alias)
        found: list[Any] | None = super()._construct_discriminator_criteria_(alias)
        return found

    def describe(self) -> str:
        """Return the declaration of the entity, as Pony writes it."""
        hidden = [
            each.describe() for each in self._new_attrs_ + self._base_attrs_ if is_hidden(each)
        ]
        lines = str(super().describe()).splitlines()
        return "\n".join(line for line in lines if line.strip() not in hidden)
