"""Lists that continue after a row: ordered by an attribute and the key, each place is unique.

It rests on private names of pony==0.7.20.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pony.orm import desc
from pony.orm.core import Attribute, DescWrapper

from berceau.errors import DatabaseError
from berceau.orm.lookups import can_hold
from berceau.text import is_storable

_Attribute: Any = Attribute  # as it is inside: its type tells what is for users


@dataclass(frozen=True)
class Keyset:
    """The order of a list: ``attributes``, of which the last is the key, all in one direction."""

    entity: Any
    attributes: tuple[Any, ...]
    descending: bool

    @classmethod
    def of(cls, rows: Any, order: Any) -> "Keyset":
        """Return the order of the query ``rows`` by ``order``: an attribute, or its ``desc()``.

        Raises ``DatabaseError`` where it orders by what isn't a column that always has a value.
        """
        descending = isinstance(order, DescWrapper)
        attribute = order.attr if descending else order
        entity = rows._translator.expr_type
        if not isinstance(attribute, _Attribute) or not hasattr(entity, "_pk_attrs_"):
            raise DatabaseError(
                "A list continues by an attribute of the entities that it selects.",
                cure="Use cursor_page(Post.select(), query, desc(Post.created_at)).",
            )
        if attribute.is_collection or attribute.reverse or attribute.nullable:
            raise DatabaseError(
                f"A list can't continue by {attribute}, which may be missing or is no column.",
                cure="Order by an attribute that is Required, and no relation.",
            )
        if len(entity._pk_attrs_) > 1 or entity._pk_attrs_[0].reverse:
            raise DatabaseError(
                f"A list of {entity.__name__} can't continue by a key of several columns.",
                cure="Give the entity a key of one column, or use numbered_page().",
            )
        attributes = dict.fromkeys((attribute, entity._pk_attrs_[0]))
        return cls(entity, tuple(attributes), descending)

    @property
    def name(self) -> str:
        """What tells this order from others."""
        names = ".".join(each.name for each in self.attributes)
        return f"{self.entity.__name__}.{names}{'-' if self.descending else ''}"

    @property
    def types(self) -> Sequence[type]:
        """The types of a place."""
        return [each.py_type for each in self.attributes]

    def place(self, row: Any) -> tuple[Any, ...]:
        """Return where ``row`` is in the list."""
        return tuple(each.__get__(row) for each in self.attributes)

    def can_be(self, place: Sequence[Any]) -> bool:
        """Return whether a row may be at ``place``, which has the right types."""
        names = [each.name for each in self.attributes]
        if not all(is_storable(each) for each in place if isinstance(each, str)):
            return False
        return all(
            can_hold(self.entity, name, value) for name, value in zip(names, place, strict=True)
        )

    def rows(self, rows: Any, place: tuple[Any, ...] | None, limit: int) -> list[Any]:
        """Return ``limit`` rows of the query ``rows`` at most, which follow ``place``."""
        if place is not None:
            rows = self._after(rows, place)
        order = [desc(each) if self.descending else each for each in self.attributes]
        return list(rows.order_by(*order).limit(limit))

    def _after(self, rows: Any, place: tuple[Any, ...]) -> Any:
        key, last = self.attributes[-1].name, place[-1]
        if len(place) == 1:
            if self.descending:
                return rows.filter(lambda row: getattr(row, key) < last)
            return rows.filter(lambda row: getattr(row, key) > last)
        name, value = self.attributes[0].name, place[0]
        # PostgreSQL compares both columns at once, and begins at the place in an index of both.
        if self.descending:
            return rows.filter(lambda row: (getattr(row, name), getattr(row, key)) < (value, last))
        return rows.filter(lambda row: (getattr(row, name), getattr(row, key)) > (value, last))
