"""Relations of which only one side is written: the other one is made, since Pony needs both."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from pony.orm.core import Attribute

from berceau.errors import EntityError
from berceau.orm.diagnosis import place_of_attribute
from berceau.orm.extension import (
    add_attribute,
    added_as,
    column_error,
    drop_repeated_indexes,
    is_added,
    written_as,
)
from berceau.orm.made import Made, MadeOptional, MadeSet
from berceau.schema.meaning import made_name


def complete(database: Any) -> None:
    """Make the sides that the relations of a bound ``database`` lack, before it is mapped.

    Raises ``EntityError`` where a side would have the name of something else, and what Pony raises
    for a relation to an entity that isn't there.
    """
    entities = sorted(database.entities.values(), key=lambda entity: int(entity._id_))
    for entity in entities:
        entity._resolve_attr_types_()
    for attribute in _one_sided(entities):
        _make_side(attribute)
    for entity in entities:
        drop_repeated_indexes(entity)
    relations = [each for entity in entities for each in entity._new_attrs_ if each.is_relation]
    stated = [each for each in relations if each.cascade_delete is not None]
    for entity in entities:
        entity._link_reverse_attrs_()
    for attribute in stated:
        _check_cascade(attribute)
    for attribute in relations:
        _place_column(attribute)


def _one_sided(entities: list[Any]) -> Iterator[Any]:
    """Yield the relations whose other side is to be made.

    Where one that is written could be it, Pony links the two, or says what is ambiguous. Raises
    ``EntityError`` where ``reverse=`` says that it isn't.
    """
    known = set(entities)
    written = [
        attribute
        for entity in entities
        for attribute in entity._new_attrs_
        if attribute.py_type in known
    ]
    named = [attribute for attribute in written if _named_side(attribute) is not None]
    linked = {*named, *map(_named_side, named)}
    between: dict[frozenset[Any], list[Any]] = defaultdict(list)
    for attribute in written:
        if attribute not in linked:
            between[frozenset((attribute.entity, attribute.py_type))].append(attribute)
    for ends, found in between.items():
        alone = len(found) if len(ends) == 1 else len({each.entity for each in found})
        named = [each for each in found if each.reverse]
        if alone == 1 or len(named) == len(found):
            yield from found
        elif named:
            raise _unclear(named[0], next(each for each in found if not each.reverse))


def _named_side(attribute: Any) -> Any:
    """Return the attribute that ``reverse=`` names, or ``None`` where there is none."""
    if not isinstance(attribute.reverse, str):
        return attribute.reverse
    found = getattr(attribute.py_type, attribute.reverse, None)
    if found is None or isinstance(found, Attribute):
        return found
    raise _taken(attribute, attribute.py_type)


def _make_side(attribute: Any) -> None:
    target, name = attribute.py_type, attribute.reverse
    for each in (target, *target._subclasses_) if name else ():
        if hasattr(each, name):
            raise _taken(attribute, each)
    options: dict[str, Any] = {"reverse": attribute, "hidden": name is None}
    if not attribute.is_collection:
        # What the relation says of deleting belongs to the side whose owner is deleted.
        options["cascade_delete"], attribute.cascade_delete = attribute.cascade_delete, None
    kind: Any = MadeSet
    if attribute.is_unique and not attribute.is_collection:
        kind, options["lazy"] = MadeOptional, name is None
    attribute.reverse = kind(attribute.entity, **options)
    name = name or made_name(attribute.entity.__name__, attribute.name)
    add_attribute(target, name, attribute.reverse)


def _unclear(named: Any, nameless: Any) -> EntityError:
    """Return the error for a relation whose side isn't there, beside one that may be meant."""
    (_, name), (_, other) = written_as(named), written_as(nameless)
    return EntityError(
        f"{name} names its other side {named.py_type.__name__}.{named.reverse}, which isn't there. "
        f"{other} names no other side, so it may be meant.",
        where=place_of_attribute(named),
        cure=f"If {other} is the other side of {name}, write reverse='{nameless.name}' there. "
        f"If it is another relation, name its other side, too: reverse='...' at {other}.",
    )


def _taken(attribute: Any, entity: Any) -> EntityError:
    """Return the error for an ``attribute`` whose other side has a name that ``entity`` uses."""
    _, name = written_as(attribute)
    side, there = (
        f"{attribute.py_type.__name__}.{attribute.reverse}",
        getattr(entity, attribute.reverse),
    )
    message = f"{name} names its other side {side}, which is something else in {entity.__name__}."
    if isinstance(there, Made):
        message = f"{name} and {there.reverse} both name their other side {side}."
    return EntityError(
        message,
        where=place_of_attribute(attribute),
        cure="Give it another name: reverse='...'.",
    )


def _check_cascade(attribute: Any) -> None:
    """Check that what ``attribute`` says of deleting didn't mean the side that is now added."""
    side = added_as(attribute.reverse)
    if side is not None and not attribute.is_collection:
        _, name = written_as(attribute)
        raise EntityError(
            f"{name} says cascade_delete, but {side} declares its other side.",
            where=place_of_attribute(attribute),
            cure="Move cascade_delete there: the side of the object that is deleted says it.",
        )


def _place_column(side: Any) -> None:
    """Keep the column of a relation out of the table of a ``side`` that its class doesn't declare.

    A relation that is optional on both sides gets it where it is unique, else where Pony decides.
    """
    written, added = side.reverse, is_added(side)
    if not side.is_collection and not written.is_collection and not written.is_required:
        free = not (side.is_required or side.is_unique or side.columns or written.columns)
        if free and (added or written.is_unique):
            keys = side.entity._get_pk_columns_()
            provider = side.entity._database_.provider
            written.columns = provider.get_default_column_names(written, keys)
    elif added and written.is_collection and not side.is_collection:
        _, name = written_as(side)
        raise column_error(name, side.entity.__name__).at(place_of_attribute(side))
