"""Relations of which only one side is written: the other one is made, since Pony needs both."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from pony.orm.core import Attribute

from berceau.errors import EntityError
from berceau.orm.diagnosis import place_of
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
        entity._link_reverse_attrs_()
    for entity in entities:
        for attribute in entity._new_attrs_:
            if attribute.reverse and (is_added(attribute) or attribute.reverse.is_unique):
                _keep_column_away(attribute)


def is_added(attribute: Any) -> bool:
    """Return whether something else than the class of its entity declares ``attribute``."""
    return isinstance(attribute, Made)


def module_of(attribute: Any) -> str:
    """Return the name of the module that declares ``attribute``, for a made side its relation."""
    written = attribute.reverse if isinstance(attribute, Made) else attribute
    return str(written.entity.__module__)


def add(entity: Any, name: str, attribute: Any) -> None:
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


def _one_sided(entities: list[Any]) -> Iterator[Any]:
    """Yield the relations whose other side is to be made.

    Where one that is written could be it, Pony links the two, or says what is ambiguous.
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
        if alone == 1 or all(each.reverse for each in found):
            yield from found


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
    add(target, name, attribute.reverse)


def _taken(attribute: Any, entity: Any) -> EntityError:
    """Return the error for an ``attribute`` whose other side has a name that ``entity`` uses."""
    side, there = (
        f"{attribute.py_type.__name__}.{attribute.reverse}",
        getattr(entity, attribute.reverse),
    )
    message = (
        f"{attribute} names its other side {side}, which is something else in {entity.__name__}."
    )
    if isinstance(there, Made):
        message = f"{attribute} and {there.reverse} both name their other side {side}."
    return EntityError(
        message,
        where=place_of(attribute.entity, attribute.name),
        cure="Give it another name: reverse='...'.",
    )


def _keep_column_away(side: Any) -> None:
    """Give the column of a one-to-one relation to the other side, whatever their names are."""
    written = side.reverse
    free = not (written.is_required or side.is_unique or side.columns or written.columns)
    if free and not (side.is_required or side.is_collection or written.is_collection):
        keys = side.entity._get_pk_columns_()
        provider = side.entity._database_.provider
        written.columns = provider.get_default_column_names(written, keys)
