"""What the names in a mapped ``Database`` stand for, where they don't tell it themselves."""

from collections.abc import Iterator, Sequence
from typing import Any

from pony.orm.core import Database

from berceau.orm.enums import enum_members
from berceau.orm.made import is_hidden
from berceau.schema.meaning import Meaning, Role, is_usual


def meanings(database: Database, enums: dict[str, type]) -> tuple[Meaning, ...]:
    """Return what the unusual names of ``database`` and its ``enums``, by type, stand for."""
    found = [each for each in _all(database) if not is_usual(each)]
    for name, enum_class in enums.items():
        members = (
            Meaning(Role.LABEL, (name, label), f"{enum_class.__name__}.{member.name}")
            for label, member in enum_members(enum_class).items()
        )
        found += (each for each in members if not is_usual(each))
    return tuple(sorted(found, key=lambda each: (each.role, each.place)))


def _all(database: Database) -> Iterator[Meaning]:
    for entity in sorted(database.entities.values(), key=lambda entity: int(entity._id_)):
        if entity._root_ is entity:
            yield Meaning(Role.TABLE, (entity._table_,), entity.__name__)
        yield from _subclass(entity)
        yield from _held(entity)
        for attribute in entity._new_attrs_:
            if not attribute.is_collection:
                yield from _columns(entity._table_, attribute)
                yield from _mirror(entity._table_, attribute)
            elif attribute.reverse.is_collection:
                yield from _links(attribute)


def _subclass(entity: Any) -> Iterator[Meaning]:
    """Yield what rows of ``entity`` hold, where they share a table with those of others."""
    value = _value(entity)
    if value is not None:
        column = entity._root_._discriminator_attr_.column
        yield Meaning(Role.SUBCLASS, (entity._table_, column, value), entity.__name__)


def _value(entity: Any) -> str | None:
    attribute, value = entity._root_._discriminator_attr_, entity._discriminator_
    if attribute is None or value is None:
        return None
    return str(attribute.converters[0].py2sql(value))


def _held(entity: Any) -> Iterator[Meaning]:
    """Yield the columns that rows of ``entity`` have, and not all of the others in its table."""
    value = _value(entity)
    if value is not None:
        for attribute in entity._attrs_with_columns_:
            if attribute.entity is not entity._root_:
                for column in attribute.columns:
                    place = (entity._table_, column, value)
                    yield Meaning(Role.HELD, place, entity.__name__)


def _columns(table: str, attribute: Any) -> Iterator[Meaning]:
    for column, of in zip(attribute.columns, _names(attribute, attribute.columns), strict=True):
        yield Meaning(Role.COLUMN, (table, column), of)


def _mirror(table: str, attribute: Any) -> Iterator[Meaning]:
    """Yield the column that ``attribute`` would have, were it not on the other side by its name.

    Of a one-to-one relation that is optional on both sides, Pony gives the column to one of them
    by the order of declaration, or of the entities' names.
    """
    reverse = attribute.reverse
    if reverse is None or attribute.columns or reverse.is_collection or reverse.is_required:
        return
    if is_hidden(attribute):
        return  # it never had a name for a column
    keys = reverse.entity._pk_columns_
    for name in attribute.entity._database_.provider.get_default_column_names(attribute, keys):
        yield Meaning(Role.MIRROR, (table, name), str(attribute))


def _links(attribute: Any) -> Iterator[Meaning]:
    """Yield for each column of a link table the attribute whose items it holds the keys of."""
    for columns in (attribute.columns, attribute.symmetric and attribute.reverse_columns):
        for column, of in zip(columns or (), _names(attribute, columns or ()), strict=True):
            yield Meaning(Role.LINK, (attribute.table, column), of)


def _names(attribute: Any, columns: Sequence[str]) -> Iterator[str]:
    """Yield what each of ``columns`` stands for; of several, each for a column of the target."""
    name = f"{attribute.entity.__name__}.{attribute.name}"
    if len(columns) == 1:
        yield name
    elif columns:
        yield from (f"{name}-{part}" for part in attribute.reverse.entity._pk_columns_)
