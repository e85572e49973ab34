"""Two releases of a small application, in words that are no tool's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

# What all tools share: a value of a visitor becomes attributes of a row, and is read from them.
SAVE = '''
def save(key, value):
    """Write what a visitor sent: a new row, or other values of the one with this key."""
    row = first({entity}, key=key)
    values = {values}
    if row is None:
        row = make({entity}, key=key, **values)
    else:
        put(row, **values)
{companion}

def show(row):
    """Return what the visitor sent."""
    return {shown}
'''


@dataclass(frozen=True)
class Attribute:
    """A column: ``type`` is bool, int, str, decimal, an enum's name or an entity's.

    ``default`` is an expression of Python. ``column`` is the name of the column in Berceau. A
    ``whole`` has no column: it is the other side of a relation, whose row is deleted with it.
    """

    name: str
    type: str
    required: bool = True
    default: str | None = None
    column: str | None = None
    whole: bool = False


@dataclass(frozen=True)
class Entity:
    """An entity with a key of text and more attributes; its table has the name in small letters."""

    name: str
    attributes: tuple[Attribute, ...] = ()

    @property
    def columns(self) -> tuple[Attribute, ...]:
        """The attributes that have one."""
        return tuple(each for each in self.attributes if not each.whole)


@dataclass(frozen=True)
class Release:
    """What a release declares and does; visitors name rows of the last entity.

    ``values`` and ``shown`` are expressions of Python, ``companion`` statements, over the names
    ``key``, ``value`` and ``row``.
    """

    entities: tuple[Entity, ...]
    values: str
    shown: str
    companion: str = ""
    enums: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def subject(self) -> Entity:
        """The entity whose rows visitors read and write."""
        return self.entities[-1]

    def code(self) -> str:
        """Return the functions ``save`` and ``show``, the same for each tool."""
        return SAVE.format(
            entity=self.subject.name,
            values=self.values,
            shown=self.shown,
            companion="".join(f"    {line}\n" for line in self.companion.splitlines()),
        )


@dataclass(frozen=True)
class ByHand:
    """The operations of a peer's migration, written by somebody who read its documentation."""

    django: tuple[str, ...] = ()
    alembic: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kind:
    """A kind of change: the old release and the new one.

    ``sample`` makes a value of a visitor. ``rows`` is SQL that both databases begin with.
    ``options`` are those of ``invoke migrate``; ``expand_options`` are more of them, where
    something is kept for the old release, and ``contract_options`` those of what ends that.
    ``answers`` are given to ``makemigrations``, in this order.
    """

    name: str
    title: str
    old: Release
    new: Release
    sample: Callable[[Random], str]
    rows: str = ""
    options: tuple[str, ...] = ()
    expand_options: tuple[str, ...] = ()
    contract_options: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    by_hand: ByHand = ByHand()
