"""What a component adds to an entity of another: ``class UserPosts(User, extend=True)``."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pony.orm import core
from pony.orm.core import Attribute, Optional, Set

from berceau.errors import EntityError
from berceau.orm.made import Made

_MACHINERY = frozenset(
    """
    __annotate__ __annotate_func__ __annotations__ __classcell__ __classdictcell__
    __conditional_annotations__ __doc__ __firstlineno__ __module__ __qualname__
    __static_attributes__ __type_params__
    """.split()
)
"""Names that the body of every class has."""

_INDEXES = "_indexes_"


@dataclass(frozen=True)
class Added:
    """The ``value`` that the class ``by`` of a ``module`` adds to an ``entity`` as ``name``."""

    entity: Any
    name: str
    value: Any
    module: str
    by: str

    def __str__(self) -> str:
        return f"{self.by}.{self.name}"


_Index: Any = core.Index  # as it is inside: its type tells what is for users


class PlainIndex(_Index):
    """An index that changes nothing else, and isn't made where something else declares it.

    Pony's own makes optional attributes nullable.
    """

    __slots__ = ()

    def _init_(self, entity: Any) -> None:
        """Belong to ``entity``, as Pony sets it up."""
        named: Iterator[Any] = (
            getattr(entity, e, e) if isinstance(e, str) else e for e in self.attrs
        )
        kept = [(e, e.nullable, e.default) for e in named if hasattr(e, "nullable")]
        for attribute, *_ in kept:
            attribute.nullable = attribute.nullable or None
        super()._init_(entity)
        for attribute, nullable, default in kept:
            attribute.nullable, attribute.default = nullable, default


def extend(by: str, bases: tuple[type, ...], body: Mapping[str, Any]) -> Any:
    """Add what the ``body`` of a class ``by`` declares to its only base, an entity; return that.

    Raises ``EntityError`` for what an extension can't add: a column, a key, or a name that the
    entity has.
    """
    entity = _extended(by, bases)
    if cell := body.get("__classcell__"):
        cell.cell_contents = entity  # what super() in a method refers to
    for index in body.get(_INDEXES, ()):
        _add_index(by, entity, index)
    for each in _members(by, entity, body):
        _check_name(each)
        if isinstance(each.value, Attribute):
            _check_attribute(each)
            add_attribute(entity, each.name, each.value)
        else:
            setattr(entity, each.name, each.value)
            if hasattr(type(each.value), "__set_name__"):  # Python calls it when it makes a class
                each.value.__set_name__(entity, each.name)
        entity._database_.added[entity.__name__, each.name] = each
    return entity


def index(*attributes: Any) -> None:
    """Declare an index on ``attributes`` in the body of an entity or an extension.

    They are attributes, or their names as strings. Unlike Pony's ``composite_index``, it may have
    a single one, so that an extension can index what another class declares, and an optional
    string stays what it is.
    """
    names = sys._getframe(1).f_locals
    names.setdefault(_INDEXES, []).append(PlainIndex(*attributes, is_unique=False))


def added_as(attribute: Any) -> Added | None:
    """Return how an extension added ``attribute``; ``None`` where its entity declares it."""
    added: Mapping[tuple[str, str], Added] = getattr(attribute.entity._database_, "added", {})
    return added.get((attribute.entity.__name__, attribute.name))


def is_added(attribute: Any) -> bool:
    """Return whether something else than the class of its entity declares ``attribute``."""
    return isinstance(attribute, Made) or added_as(attribute) is not None


def written_as(attribute: Any) -> tuple[str, str]:
    """Return the module that declares ``attribute``, and its name there: ``Post.author``.

    Of a made side that is the relation.
    """
    written = attribute.reverse if isinstance(attribute, Made) else attribute
    added = added_as(written)
    return (added.module, str(added)) if added else (written.entity.__module__, str(written))


def add_attribute(entity: Any, name: str, attribute: Any) -> None:
    """Give an ``entity`` that isn't mapped yet an attribute, as if its class declared it."""
    attribute._init_(entity, name)
    setattr(entity, name, attribute)
    entity._new_attrs_.append(attribute)
    entity._attrs_.append(attribute)
    entity._adict_[name] = attribute
    for each in entity._subclasses_:
        each._base_attrs_.append(attribute)
        each._attrs_.insert(len(each._base_attrs_) - 1, attribute)
        each._adict_[name] = attribute
    if not attribute.is_collection:
        for base in entity._all_bases_:
            base._subclass_adict_[name] = attribute
            base._subclass_attrs_.append(attribute)


def drop_repeated_indexes(entity: Any) -> None:
    """Drop the plain indexes of an ``entity`` that something else declares, too."""
    table = (entity._root_, *entity._root_._subclasses_)
    known = {(each,) for one in table for each in one._new_attrs_ if each.index}
    known |= {
        index.attrs for one in table for index in one._indexes_ if type(index) is not PlainIndex
    }
    kept = []
    for index in entity._indexes_:
        if type(index) is PlainIndex:
            if index.attrs in known:
                continue
            known.add(index.attrs)
        kept.append(index)
    entity._indexes_[:] = kept


def column_error(attribute: str, entity: str) -> EntityError:
    """Return the error for an ``attribute`` that would be a column of an ``entity``'s table."""
    return EntityError(
        f"{attribute} would add a column to the table of {entity}, which another class declares.",
        cure="Declare an entity of your own, with a relation to it. An extension may add the other "
        "side of a relation, methods and indexes.",
    )


def _extended(by: str, bases: tuple[type, ...]) -> Any:
    entity: Any = bases[0]
    if len(bases) != 1 or getattr(entity, "_database_", None) is None or not _is_declared(entity):
        raise EntityError(
            f"{by} extends {', '.join(each.__name__ for each in bases)}, which isn't one entity.",
            cure=f"Name the entity that it extends: class {by}(User, extend=True).",
        )
    if entity._database_.schema is not None:
        raise EntityError(
            f"{by} extends {entity.__name__} too late: the entities are mapped.",
            cure="Move it to entities.py, or to a module of the package entities/.",
        )
    return entity


def _is_declared(entity: Any) -> bool:
    return entity._database_.entities.get(entity.__name__) is entity


def _members(by: str, entity: Any, body: Mapping[str, Any]) -> Iterator[Added]:
    for name, value in body.items():
        if name not in _MACHINERY and name != _INDEXES:
            yield Added(entity, name, value, body["__module__"], by)


def _check_name(added: Added) -> None:
    for each in (added.entity, *added.entity._subclasses_):
        if hasattr(each, added.name) or (added.name[:1] == added.name[-1:] == "_"):
            raise EntityError(
                f"{added} can't be added to {added.entity.__name__}: {each.__name__} has "
                f"{added.name} already.",
                cure="Give it another name. An extension adds, and replaces nothing.",
            )


def _check_attribute(added: Added) -> None:
    value: Any = added.value
    side = value.is_relation and isinstance(value, Optional | Set)
    if not side or (value.columns and not value.is_collection):
        raise column_error(str(added), added.entity.__name__)


def _add_index(by: str, entity: Any, index: Any) -> None:
    if index.is_pk or index.is_unique:
        raise EntityError(
            f"{by} adds a key to {entity.__name__}, which another class declares.",
            cure="Declare the key in that class: it decides which rows there can be. An extension "
            "may add a composite_index.",
        )
    added = PlainIndex(*index.attrs, is_unique=False)
    added._init_(entity)
    entity._indexes_.append(added)
