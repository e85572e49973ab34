# mypy: ignore-errors
"""How an entity is used in a query, and what tells the class that stands for it there."""

from typing import Literal, Protocol, TypeVar

MYPY: Literal[False]

# ty and pyrefly know what this returns. Pyright doesn't ask, and takes the last of two classes with
# one name.
def is_ty() -> Literal[True]: ...

_T_co = TypeVar("_T_co", covariant=True)
_M_contra = TypeVar("_M_contra", contravariant=True)

class Row:
    """A variable of a query stands for one row."""

class Item:
    """A variable of a subquery stands for one item of a collection."""

class Items:
    """A collection gives an attribute of all its items: attribute lifting."""

if MYPY:
    class HasRow(Protocol[_T_co]):
        """An entity, by the class of what stands for one row of it."""

        def _row_(self) -> _T_co: ...

    class HasItem(Protocol[_T_co]):
        """An entity, by the class of what stands for one item of a collection of it."""

        def _item_(self) -> _T_co: ...

    class HasItems(Protocol[_T_co]):
        """An entity, by the class of what stands for a collection of it."""

        def _items_(self) -> _T_co: ...

elif is_ty():
    # It finds no class that stands for an entity: without members, these leave it unknown.
    class HasRow(Protocol[_T_co]): ...
    class HasItem(Protocol[_T_co]): ...
    class HasItems(Protocol[_T_co]): ...

else:
    class _Queried(Protocol[_M_contra, _T_co]):
        def _queried_(self, mode: _M_contra, /) -> _T_co: ...

    class HasRow(Protocol[_T_co]):
        """An entity, by the class of what stands for one row of it."""

        def _grouped_(self, /) -> _Queried[Row, _T_co]: ...

    class HasItem(Protocol[_T_co]):
        """An entity, by the class of what stands for one item of a collection of it."""

        def _grouped_(self, /) -> _Queried[Item, _T_co]: ...

    class HasItems(Protocol[_T_co]):
        """An entity, by the class of what stands for a collection of it."""

        def _grouped_(self, /) -> _Queried[Items, _T_co]: ...
