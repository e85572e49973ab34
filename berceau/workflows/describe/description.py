"""``Description``: components, entities, tables, columns, relations and enums as a person asks."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from berceau.planner.schema_findings import Finding
from berceau.schema.model import Column, Index, Table
from berceau.schema.names import unquote_name
from berceau.tenancy import Scope


@dataclass(frozen=True)
class Source:
    """A line of a file; ``file`` is relative to the project's folder where it is inside."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Relation:
    """One side of a relation: the attribute ``name`` of ``entity``, which leads to ``target``.

    ``name`` is ``None`` where only the other side is written. ``many`` says that it leads to
    several objects, and ``reverse_many`` that the ``reverse`` does. ``columns`` are those of the
    entity's ``table`` that hold the key, and ``link`` the table of a many-to-many relation.
    ``on_delete`` is what the foreign key does, where this side has it.
    """

    entity: str
    name: str | None
    target: str
    target_table: str
    reverse: str | None
    many: bool
    reverse_many: bool
    required: bool
    columns: tuple[str, ...] = ()
    link: str | None = None
    on_delete: str | None = None
    text: str = ""
    source: Source | None = None

    @property
    def kind(self) -> str:
        """How many objects of each entity it joins: as in ``many to one``."""
        return f"{'many' if self.reverse_many else 'one'} to {'many' if self.many else 'one'}"


@dataclass(frozen=True)
class DescribedEntity:
    """An entity; ``text`` is its docstring, ``kind`` what rows hold where entities share a table.

    ``relations`` are all that lead from it or to it: each has its own side here.
    """

    name: str
    table: str
    text: str
    source: Source
    bases: tuple[str, ...]
    kind: str | None
    relations: tuple[Relation, ...]


@dataclass(frozen=True)
class DescribedColumn:
    """A ``column`` with its type as PostgreSQL prints it, and the ``attribute`` that declares it.

    ``python`` is the type there, ``python_default`` what Python gives to a new object, ``text`` the
    comment beside the attribute, and ``migration`` the name of the one that brought the column.
    ``refers_to`` is the table and the column that a foreign key leads to.
    """

    column: Column
    attribute: str | None = None
    python: str | None = None
    python_default: str | None = None
    text: str = ""
    source: Source | None = None
    migration: str | None = None
    refers_to: tuple[str, str] | None = None
    is_key: bool = False

    @property
    def name(self) -> str:
        """The name of the column."""
        return self.column.name


@dataclass(frozen=True)
class DescribedIndex:
    """An ``index``, its size and how often it was used, where a database was asked.

    ``constraint`` says that a constraint, which is called the same, made it.
    """

    index: Index
    constraint: bool = False
    bytes: int | None = None
    scans: int | None = None


@dataclass(frozen=True)
class DescribedTable:
    """A ``table`` with all that is known of it.

    ``component`` is ``None`` for one that no component declares. A ``link`` holds the pairs of a
    many-to-many relation, ``links``. ``is_missing`` says that the database lacks it. ``rows`` are
    the planner's estimate, ``bytes`` the size with indexes, and ``findings`` what is wrong with
    keys and indexes; all three are of a database, where one was asked.
    """

    table: Table
    component: str | None
    entities: tuple[DescribedEntity, ...]
    columns: tuple[DescribedColumn, ...]
    indexes: tuple[DescribedIndex, ...]
    links: tuple[str, ...] = ()
    migration: str | None = None
    is_missing: bool = False
    rows: int | None = None
    bytes: int | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def name(self) -> str:
        """The name of the table."""
        return self.table.name

    @property
    def is_link(self) -> bool:
        """Whether it holds the pairs of a many-to-many relation."""
        return bool(self.links)

    @property
    def place(self) -> str:
        """Where its rows are with Citus, in words; an empty string where nothing says so."""
        return str(self.table.distribution or "")

    @property
    def text(self) -> str:
        """The docstring of the entity that has the table, or an empty string."""
        return self.entities[0].text if self.entities else ""

    @property
    def source(self) -> Source | None:
        """Where the table is declared."""
        return self.entities[0].source if self.entities else None


@dataclass(frozen=True)
class DescribedLabel:
    """A ``label`` of an enum, the name of its member in Python, and the comment beside that."""

    label: str
    member: str | None
    text: str = ""
    migration: str | None = None


@dataclass(frozen=True)
class DescribedEnum:
    """An enum: its labels in their order, and the tables and columns that use it."""

    name: str
    component: str | None
    labels: tuple[DescribedLabel, ...]
    used_by: tuple[tuple[str, str], ...]
    python: str | None = None
    text: str = ""
    source: Source | None = None
    migration: str | None = None


@dataclass(frozen=True)
class DescribedComponent:
    """A component: ``text`` is the docstring of its package, ``needs`` the components it needs.

    ``scope`` is whose its tables are, where the project has tenants.
    """

    name: str
    text: str
    needs: tuple[str, ...]
    is_installed: bool = False
    scope: Scope | None = None

    @property
    def whose(self) -> str:
        """Whose its tables are, as a sentence; empty where the project has no tenants."""
        if self.scope is None:
            return ""
        shared = self.scope == "shared"
        return "All tenants share its tables." if shared else "Each tenant has its tables."


@dataclass(frozen=True)
class Description:
    """All components, tables and enums, each sorted by name; components as they are composed.

    ``head`` is the newest migration on disk. ``since`` is when the counts of use began, where a
    database was asked.
    """

    components: tuple[DescribedComponent, ...]
    tables: tuple[DescribedTable, ...]
    enums: tuple[DescribedEnum, ...]
    head: str | None = None
    since: str | None = None

    def tables_of(self, component: str | None) -> Iterator[DescribedTable]:
        """Yield the tables of a component, or those of none."""
        return (each for each in self.tables if each.component == component)

    def enums_of(self, component: str | None) -> Iterator[DescribedEnum]:
        """Yield the enums of a component, or those of none."""
        return (each for each in self.enums if each.component == component)

    @property
    def has_others(self) -> bool:
        """Whether there is a table or an enum that no component declares."""
        return None in {
            *(each.component for each in self.tables),
            *(each.component for each in self.enums),
        }

    def table(self, name: str) -> DescribedTable | None:
        """Return the table called ``name``, if there is one."""
        return self._tables.get(name)

    def enum(self, name: str) -> DescribedEnum | None:
        """Return the enum called ``name``, if there is one."""
        return self._enums.get(name)

    def enum_of(self, column: DescribedColumn) -> DescribedEnum | None:
        """Return the enum whose values ``column`` holds, if it holds those of one."""
        return self.enum(unquote_name(column.column.type.removesuffix("[]")))

    def referring_to(self, table: str) -> Iterator[tuple[DescribedTable, tuple[str, ...]]]:
        """Yield the tables whose foreign keys lead to ``table``, and the columns of each key."""
        for each in self.tables:
            for key in each.table.foreign_keys:
                if key.target == table:
                    yield each, key.columns

    @cached_property
    def _tables(self) -> dict[str, DescribedTable]:
        return {each.name: each for each in self.tables}

    @cached_property
    def _enums(self) -> dict[str, DescribedEnum]:
        return {each.name: each for each in self.enums}
