"""Definitions: what a schema holds, as the statements that make it elsewhere."""

from dataclasses import dataclass
from enum import IntEnum, auto

from berceau.postgres.clone.references import Reference


class Rank(IntEnum):
    """The order in which definitions are made, unless one depends on another."""

    COLLATION = auto()
    TYPE = auto()
    TEXT_SEARCH = auto()
    ROUTINE = auto()
    OPERATOR = auto()
    SEQUENCE = auto()
    TABLE = auto()
    ATTACH = auto()
    DEFAULT = auto()
    CONSTRAINT = auto()
    INDEX = auto()
    INDEX_ATTACH = auto()
    PARTITION_FOREIGN_KEY = auto()
    FOREIGN_KEY = auto()
    FOREIGN_KEY_TO_PARTITIONS = auto()
    VIEW = auto()
    RULE = auto()
    DETAIL = auto()
    COMMENT = auto()
    OWNER = auto()
    GRANT = auto()
    REFRESH = auto()


Address = tuple[str, int]
"""An object as the system catalogs know it: the name of its catalog, and its oid there."""

Edge = tuple[Address, Address, str]
"""A dependent object, what it depends on, and how (pg_depend's deptype)."""


def parts(catalog: str, kinds: str) -> tuple[str, ...]:
    """Return what ``Contents`` calls objects of ``catalog`` of these ``kinds``, a letter each."""
    return tuple(f"{catalog} {kind}" for kind in kinds)


@dataclass(frozen=True)
class Kind:
    """How one kind of definition is read: ``query`` gives oids in ``catalog``, and texts.

    A text makes its object, or, where ``makes`` is false, changes it. More columns are optional.
    The third is a statement that makes what others need of the object before it can be made
    itself: a shell type, or a view's columns. The fourth holds oids of relations that have to be
    there first, beyond those that PostgreSQL knows the object to depend on. The fifth is the
    name of the catalog, where that isn't always ``catalog``. The sixth is how the text ends that
    has room for parts before, and the seventh what the object is as a part of the text of that to
    which it belongs.

    The query is left out where the schema has none ``of`` these parts, which are those of
    ``Contents``: most schemas have few kinds, and a query takes long to plan.

    In the query, ``:schema`` is the oid of the schema, and ``relation`` has its rows of pg_class
    without those that belong to an extension. ``since`` is the first version of PostgreSQL, as
    in ``server_version_num``, that has the kind.
    """

    rank: Rank
    catalog: str
    query: str
    of: tuple[str, ...]
    makes: bool = True
    since: int = 0


@dataclass(frozen=True)
class Definition:
    """One step of making a schema: ``text`` is a statement, or some, about ``address``.

    It makes the object unless ``makes`` is false, and comes ``after`` others in any case. ``end``
    belongs to the text; before it fit those ``part`` of others that this is the whole of.
    """

    rank: Rank
    address: Address
    text: str
    makes: bool
    promise: str | None = None
    after: tuple[Address, ...] = ()
    end: str = ""
    part: str | None = None


@dataclass(frozen=True)
class Definitions:
    """A schema as statements in the order to run them.

    Where they name the schema they say ``token``, a word that nothing else contains; where they
    name what stays where it was, of an extension, they say ``outside``. Each text has a number in
    ``lanes``: where texts that follow each other have other numbers than 0, those with different
    numbers neither need nor lock what the others make. At last come ``fills``,
    which fill materialized views, as far as their queries run on no rows. ``ledger`` are the rows
    of Berceau's ledger as COPY writes them, if there is one. ``notes`` are about what isn't copied.
    ``references`` may lead back to the source.
    """

    source: str
    token: str
    outside: str
    texts: tuple[str, ...]
    lanes: tuple[int, ...]
    fills: tuple[str, ...]
    ledger: str | None
    notes: tuple[str, ...]
    references: tuple[Reference, ...]
