"""The attributes of mapped entities as fields: where each is kept, and what it can hold."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import EnumType
from typing import Any, Literal
from uuid import UUID

from pony.orm.core import Database, Discriminator
from pony.orm.ormtypes import Array, Json, LongStr

from berceau.orm.enums import enum_members
from berceau.orm.made import is_hidden

Kind = Literal[
    "text",
    "long text",
    "integer",
    "decimal",
    "float",
    "boolean",
    "date",
    "time",
    "datetime",
    "interval",
    "uuid",
    "bytes",
    "json",
    "array",
    "enum",
    "relation",
    "relations",
    "other",
]

_KINDS: Mapping[type, Kind] = {
    LongStr: "long text",
    str: "text",
    bool: "boolean",
    int: "integer",
    float: "float",
    Decimal: "decimal",
    datetime: "datetime",
    date: "date",
    time: "time",
    timedelta: "interval",
    UUID: "uuid",
    bytes: "bytes",
    Json: "json",
    Array: "array",
}
"""A subclass stands before its base."""


@dataclass(frozen=True)
class Link:
    """The table of a many-to-many relation: its columns for this side's key, and the other's."""

    table: str
    own: tuple[str, ...]
    others: tuple[str, ...]


@dataclass(frozen=True)
class Relation:
    """Where a relation leads.

    ``reverse`` is the attribute of the entity ``target`` on the other side. Where the columns are
    there, they are ``reverse_columns``; a ``link`` has them where both sides are sets. ``cascades``
    says that deleting an object deletes those that it holds, ``detaches`` that it lets them go.
    What is ``hidden`` is written nowhere: only the other side has a name in code.
    """

    target: str
    reverse: str
    reverse_columns: tuple[str, ...]
    link: Link | None
    cascades: bool
    detaches: bool
    hidden: bool


@dataclass(frozen=True)
class Field:
    """An attribute of an entity, declared by ``owner``.

    ``columns`` are those of the entity's table, none for a side of a relation that has none.
    ``nullable`` says that it takes None, ``made`` that it gets a value where none is given, and
    ``default`` is that value where it is always the same. ``labels`` are those of an enum,
    ``length`` is the greatest number of characters of a text, ``items`` the kind of what an array
    holds. A ``fixed`` one can't change: it is part of the key, or tells the class of the object.
    """

    name: str
    owner: str
    kind: Kind
    columns: tuple[str, ...]
    required: bool
    nullable: bool
    made: bool
    default: Any = field(default=None, compare=False)
    key: bool = False
    fixed: bool = False
    unique: bool = False
    labels: tuple[str, ...] = ()
    length: int | None = None
    items: Kind | None = None
    relation: Relation | None = None

    @property
    def many(self) -> bool:
        """Whether it is a set of objects."""
        return self.kind == "relations"


@dataclass(frozen=True)
class EntityFields:
    """An entity, and where its objects are: in rows of ``table``, whose key is ``key``.

    ``classes`` are the entities that share the table, by the text of their value in the column
    ``discriminator``; ``values`` are those that rows of this entity have, none where all rows are.
    """

    name: str
    root: str
    module: str
    table: str
    key: tuple[str, ...]
    fields: tuple[Field, ...]
    discriminator: str | None = None
    classes: Mapping[str, str] = field(default_factory=dict)
    values: tuple[str, ...] = ()

    def find(self, name: str) -> Field | None:
        """Return the field called ``name``, if there is one."""
        return next((each for each in self.fields if each.name == name), None)

    @property
    def columns(self) -> Iterator[Field]:
        """The fields that the table has columns for."""
        return (each for each in self.fields if each.columns and not each.many)


def read_fields(database: Database) -> dict[str, EntityFields]:
    """Return the entities of a mapped ``database`` by their names, in order of declaration."""
    entities = sorted(database.entities.values(), key=lambda entity: int(entity._id_))
    return {entity.__name__: _entity(entity) for entity in entities}


def _entity(entity: Any) -> EntityFields:
    root = entity._root_
    discriminator = root._discriminator_attr_
    family = (root, *root._subclasses_) if discriminator is not None else ()
    classes = {value: each for each in family if (value := _value(each)) is not None}
    return EntityFields(
        name=entity.__name__,
        root=root.__name__,
        module=entity.__module__,
        table=entity._table_,
        key=tuple(root._pk_columns_),
        fields=tuple(_field(each) for each in entity._attrs_),
        discriminator=None if discriminator is None else discriminator.column,
        classes={value: each.__name__ for value, each in classes.items()},
        values=()
        if entity is root
        else tuple(value for value, each in classes.items() if issubclass(each, entity)),
    )


def _value(entity: Any) -> str | None:
    value = entity._discriminator_
    if value is None:
        return None
    return str(entity._root_._discriminator_attr_.converters[0].py2sql(value))


def _field(attribute: Any) -> Field:
    known = attribute.default is not None and not callable(attribute.default)
    kind = _kind(attribute)
    return Field(
        name=attribute.name,
        owner=attribute.entity.__name__,
        kind=kind,
        columns=() if attribute.is_collection else tuple(attribute.columns),
        required=attribute.is_required,
        nullable=_takes_none(attribute),
        made=bool(attribute.auto or attribute.default is not None or attribute.sql_default),
        default=attribute.default if known else None,
        key=attribute.pk_offset is not None,
        fixed=attribute.pk_offset is not None or isinstance(attribute, Discriminator),
        unique=bool(attribute.is_unique),
        labels=tuple(enum_members(attribute.py_type)) if kind == "enum" else (),
        length=_length(attribute),
        items=_KINDS.get(attribute.py_type.item_type) if kind == "array" else None,
        relation=_relation(attribute) if attribute.reverse else None,
    )


def _kind(attribute: Any) -> Kind:
    if attribute.is_collection:
        return "relations"
    if attribute.reverse:
        return "relation"
    kind = attribute.py_type
    if isinstance(kind, EnumType):
        return "enum"
    return next((name for each, name in _KINDS.items() if issubclass(kind, each)), "other")


def _takes_none(attribute: Any) -> bool:
    """Return whether the attribute may be None: an optional text is empty instead."""
    if attribute.is_required or attribute.is_collection:
        return False
    return bool(attribute.nullable or attribute.reverse)


def _length(attribute: Any) -> int | None:
    if attribute.is_collection or attribute.reverse or not attribute.converters:
        return None
    return getattr(attribute.converters[0], "max_len", None)


def _relation(attribute: Any) -> Relation:
    reverse = attribute.reverse
    return Relation(
        target=reverse.entity.__name__,
        reverse=reverse.name,
        reverse_columns=() if reverse.is_collection else tuple(reverse.columns),
        link=_link(attribute) if attribute.is_collection and reverse.is_collection else None,
        cascades=bool(attribute.cascade_delete),
        detaches=not reverse.is_required,
        hidden=is_hidden(attribute),
    )


def _link(attribute: Any) -> Link:
    """Return the link table: a set's own columns hold the keys of its items."""
    if attribute.symmetric:
        own, others = attribute.columns, attribute.reverse_columns
    else:
        own, others = attribute.reverse.columns, attribute.columns
    return Link(attribute.table, tuple(own), tuple(others))
