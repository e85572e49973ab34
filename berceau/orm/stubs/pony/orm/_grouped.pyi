# mypy: ignore-errors
"""What each entity takes, as pyright finds it: protocols, which its group fulfills.

A method of all entities is typed by what the class of an entity gives to such a protocol. Entities
are in groups, so that a checker looks for one among groups, then in its group. Overloads for each
entity, in each method, take it minutes where there are a thousand.
"""

from typing import ParamSpec, Protocol, TypeVar

from pony.orm._modes import is_ty

_T_co = TypeVar("_T_co", covariant=True)
_K_contra = TypeVar("_K_contra", contravariant=True)
_P = ParamSpec("_P")

if is_ty():
    class Grouped(Protocol[_T_co]):
        """Anything, which takes anything."""

else:
    class Grouped(Protocol[_T_co]):
        """An entity, by its group, which knows what the entity takes."""

        def _grouped_(self, /) -> _T_co: ...

class Keyed(Protocol[_K_contra, _T_co]):
    def _key_(self, key: _K_contra, /) -> _T_co: ...

class New(Protocol[_P]):
    def _new_(self, /, *args: _P.args, **values: _P.kwargs) -> None: ...

class Item(Protocol[_P]):
    def _item_(self, /, *args: _P.args, **values: _P.kwargs) -> None: ...

class Set(Protocol[_P]):
    def _set_(self, /, *args: _P.args, **values: _P.kwargs) -> None: ...

class Find(Protocol[_P]):
    def _find_(self, /, *args: _P.args, **values: _P.kwargs) -> None: ...

class Get(Protocol[_P, _T_co]):
    def _get_(self, /, *args: _P.args, **values: _P.kwargs) -> _T_co: ...

class GetForUpdate(Protocol[_P, _T_co]):
    def _get_for_update_(self, /, *args: _P.args, **values: _P.kwargs) -> _T_co: ...

class Exists(Protocol[_P, _T_co]):
    def _exists_(self, /, *args: _P.args, **values: _P.kwargs) -> _T_co: ...

class GetOrCreate(Protocol[_P, _T_co]):
    def _get_or_create_(self, /, *args: _P.args, **values: _P.kwargs) -> _T_co: ...

class Upsert(Protocol[_P, _T_co]):
    def _upsert_(self, /, *args: _P.args, **values: _P.kwargs) -> _T_co: ...

class BulkCreate(Protocol[_P, _T_co]):
    def _bulk_create_(self, /, *args: _P.args, **values: _P.kwargs) -> _T_co: ...

class Select(Protocol[_P, _T_co]):
    def _select_(self, /, *args: _P.args, **values: _P.kwargs) -> _T_co: ...
