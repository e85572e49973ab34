"""The names that entities give to foreign keys and indexes, instead of those that follow."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from berceau.errors import DuplicateNameError, EntityError
from berceau.orm.diagnosis import place_of
from berceau.schema.names import MAX_BYTES

Columns = tuple[str, ...]


@dataclass(frozen=True)
class Given:
    """The names of one table's foreign keys and unique constraints, by columns, and of indexes."""

    foreign_keys: dict[Columns, str] = field(default_factory=dict)
    uniques: dict[Columns, str] = field(default_factory=dict)
    indexes: set[str] = field(default_factory=set)


def given_names(table: Any) -> Given:
    """Return what the attributes behind a mapped table say of names.

    ``fk_name=`` belongs to the columns of its own attribute, on both kinds of relations (Pony
    looks at the other side of a to-one relation, where it can't stand). ``index=`` names an index,
    and that of a unique attribute its constraint, as ``unique=`` does. Raises ``EntityError`` for
    a name that PostgreSQL would cut, and ``DuplicateNameError`` for one that two keys have.
    """
    found = Given()
    places: dict[str, str] = {}
    for attribute, option, columns, name in _names(table):
        if not isinstance(name, str) or not 0 < len(name.encode()) <= MAX_BYTES or "\0" in name:
            raise EntityError(
                f"{option}={name!r} isn't a valid name in PostgreSQL.",
                where=place_of(attribute.entity, attribute.name),
                cure=f"Give it a text of 1 to {MAX_BYTES} bytes, or leave it out.",
            )
        if option == "index":
            found.indexes.add(name)
            continue
        if places.setdefault(name, str(attribute)) != str(attribute):
            raise DuplicateNameError(
                f"{places[name]} and {attribute} both name a constraint of {table.name} {name}.",
                where=place_of(attribute.entity, attribute.name),
                cure="Give one of them another name.",
            )
        names = found.uniques if option == "unique" else found.foreign_keys
        names[columns] = name
    return found


def _names(table: Any) -> Iterator[tuple[Any, str, Columns, Any]]:
    """Yield the attributes that give a name, with the option, the columns and the name."""
    for entity in sorted(table.entities, key=lambda each: int(each._id_)):
        for attribute in entity._new_attrs_:
            if attribute.is_collection or not attribute.columns:
                continue
            columns = tuple(attribute.columns)
            reverse = attribute.reverse
            name = attribute.fk_name
            if name is None and reverse is not None and not reverse.columns:
                name = reverse.fk_name  # as Pony has it, of one to one
            if reverse is not None and name is not None:
                yield attribute, "fk_name", columns, name
            if isinstance(attribute.is_unique, str):
                yield attribute, "unique", columns, attribute.is_unique
            yield from _index(attribute, attribute.index)
    for attribute in sorted(table.m2m, key=str):
        if attribute.fk_name is not None:
            yield attribute, "fk_name", tuple(attribute.columns), attribute.fk_name
        if attribute.reverse_fk_name is not None:
            yield attribute, "fk_name", tuple(attribute.reverse_columns), attribute.reverse_fk_name
        yield from _index(attribute, attribute.index)
        yield from _index(attribute, attribute.reverse_index)


def _index(attribute: Any, name: Any) -> Iterator[tuple[Any, str, Columns, Any]]:
    if not (name is None or isinstance(name, bool)):
        yield attribute, "index", (), name
