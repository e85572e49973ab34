"""What an expression holds, as far as the code shows: an entity, its objects, or rows of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Entity:
    """The entity ``name``, as a class."""

    name: str


@dataclass(frozen=True)
class Objects:
    """Objects of ``entity``, or what the ``path`` of attributes leads to from there.

    ``many`` are those of a query, ``looped`` is one of many: what a loop's variable holds.
    ``prefetched`` are the attributes, ``Post.tags``, that the query reads for all its objects. What
    a function of another module returns has that function, ``.service:posts``, as its ``entity``.
    """

    entity: str
    path: tuple[str, ...] = ()
    many: bool = False
    looped: bool = False
    prefetched: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The entity and the path as a text: ``Post/tags/count``."""
        return "/".join((self.entity, *self.path))

    def step(self, attribute: str) -> "Objects":
        """Return what ``attribute`` of the objects leads to."""
        return replace(self, path=(*self.path, attribute), many=False)


@dataclass(frozen=True)
class Row:
    """The values of a tuple, or of each of ``many`` rows of a query."""

    values: "tuple[Value, ...]"
    many: bool = False


Value = Entity | Objects | Row | None
"""``None`` where it isn't known."""


def each(value: Value, *, looped: bool) -> Value:
    """Return what a variable holds that goes through ``value``, in a loop of Python or a query."""
    match value:
        case Entity(name):
            return Objects(name, looped=looped)
        case Objects():
            return replace(value, many=False, looped=looped)
        case Row(values, many=True):
            return Row(tuple(each(one, looped=looped) for one in values))
    return None


def after_loop(variables: Mapping[str, Value], before: Mapping[str, Value]) -> dict[str, Value]:
    """Return the ``variables`` as they are after a loop: what it put into them, they hold once."""
    return {
        name: value if before.get(name) == value else once(value)
        for name, value in variables.items()
    }


def once(value: Value) -> Value:
    """Return a ``value`` that isn't one of many any more."""
    match value:
        case Objects():
            return replace(value, looped=False)
        case Row(values):
            return replace(value, values=tuple(map(once, values)))
    return value
