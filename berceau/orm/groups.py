"""Groups of entities, in which pyright looks for what one entity takes.

It tries overloads one by one. Where each entity has one, trying them all for each use of an entity
takes most of the time. So the entities are in groups: of ``n`` entities, pyright tries about
``2 * sqrt(n)``. mypy has a plugin, ty and pyrefly the overloads.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import isqrt

from berceau.orm.signatures import Signatures

UNKNOWN_MEMBER = "_grouped_(self, /) -> UnknownGroup[Self]"
"""The signature for an entity that came after the build: it may take anything."""

_FINDING = ("get", "get_for_update", "exists", "get_or_create", "upsert", "bulk_create", "select")
_OF_CLASSES = {"key": "__getitem__", **{name: name for name in _FINDING}}
_OF_OBJECTS = {"new": "__init__", "set": "set"}


@dataclass(frozen=True)
class Group:
    """The ``number``-th group and the signatures of its ``members``, derived ones first."""

    number: int
    members: Sequence[Signatures]

    def lines(self) -> Iterator[str]:
        """Yield the class of the group, as a stub has it."""
        number = self.number
        kinds = ", ".join(each.reference for each in self.members)
        # With a union as its bound, pyright would say of each part of it why it doesn't fit.
        single = "bound=" if len(self.members) == 1 else ""
        yield f'    _Member{number} = TypeVar("_Member{number}", {single}{kinds})'
        yield f"    class _Group{number}(Generic[_Member_co]):"
        for name in self.members[0].methods():
            yield from overloads(
                f"_{name}_(self: _Group{number}[{each.reference}], {each.methods()[name]}"
                for each in self.members
            )

    def member(self) -> str:
        """Return the signature of what gives the group of an entity."""
        return (
            f"_grouped_(self: _Member{self.number}, /) -> _Group{self.number}[_Member{self.number}]"
        )


def grouped(entities: Sequence[Signatures]) -> list[Group]:
    """Return the groups of ``entities``, in the same order."""
    size = isqrt(len(entities)) + 1
    starts = range(0, len(entities), size)
    return [Group(number, entities[start : start + size]) for number, start in enumerate(starts)]


def overloaded(entities: Sequence[Signatures]) -> Iterator[str]:
    """Yield classes with overloads, for checkers that don't see through groups."""
    for title, receiver, names in (
        ("OverloadedMeta(type)", "_cls_: type[{}]", _OF_CLASSES),
        ("OverloadedEntity(ProjectEntity)", "_self_: {}", _OF_OBJECTS),
    ):
        yield f"class {title}:"
        for name, called in names.items():
            yield from overloads(
                f"{called}({receiver.format(each.reference)}, {each.methods()[name]}"
                for each in entities
            )


def overloads(definitions: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a method that has these ``definitions``, in a class of a stub."""
    found = list(definitions)
    for definition in found:
        if len(found) > 1:
            yield "        @overload"
        yield f"        def {definition}: ..."
