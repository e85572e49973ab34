"""Where an entity's rows shall be with Citus: ``_reference_``, ``_distribute_``."""

from typing import Any

from pony.orm.core import Database

from berceau.errors import EntityError
from berceau.orm.diagnosis import place_of, place_of_attribute
from berceau.schema.distribution import misfits
from berceau.schema.model import Schema
from berceau.schema.placement import Distribution

REFERENCE = "_reference_"
DISTRIBUTE = "_distribute_"


def distribution_of(table: Any) -> Distribution | None:
    """Return where the rows of a mapped ``table`` shall be; ``None`` for one server.

    A link table is distributed as the entity that it links is. Raises ``EntityError``, with the
    line, where the words can't be followed.
    """
    if table.m2m:
        return _of_links(min(table.m2m, key=str))
    (root,) = {each._root_ for each in table.entities}
    for entity in table.entities:
        for word in (REFERENCE, DISTRIBUTE):
            if word in vars(entity) and entity is not root:
                raise EntityError(
                    f"{entity.__name__} can't have {word}: its rows are in the table of "
                    f"{root.__name__}.",
                    where=place_of(entity, word),
                    cure=f"Write it into {root.__name__}.",
                )
    return _of_entity(root, frozenset())


def word_of(distribution: Distribution) -> str:
    """Return the word that declares a ``distribution``."""
    return REFERENCE if distribution.column is None else DISTRIBUTE


def check_distribution(database: Database, schema: Schema) -> None:
    """Check that the ``schema`` of a mapped ``database`` can be where it shall be.

    Raises ``EntityError`` at the line of what Citus would refuse, or accept and not do.
    """
    for each in misfits(schema):
        table: Any = database.schema.tables[each.table]
        attributes = [
            attribute
            for entity in table.entities
            for attribute in entity._new_attrs_
            if not attribute.is_collection and {*attribute.columns} & {*each.columns}
        ]
        # Of a key of several attributes, the last one to be declared shows it best.
        attribute = max((*attributes, *table.m2m), key=lambda each: int(each.id))
        raise EntityError(each.message, where=place_of_attribute(attribute), cure=each.cure)


def _of_entity(root: Any, asking: frozenset[Any]) -> Distribution | None:
    """Return where the rows of ``root`` shall be, for those who are ``asking`` because of it."""
    reference, name = vars(root).get(REFERENCE, False), vars(root).get(DISTRIBUTE)
    if not isinstance(reference, bool):
        raise EntityError(
            f"{root.__name__}.{REFERENCE} is {reference!r}, which is neither True nor False.",
            where=place_of(root, REFERENCE),
            cure=f"Write {REFERENCE} = True for a table that is on all servers of Citus.",
        )
    if name is None:
        return Distribution() if reference else None
    if reference:
        raise EntityError(
            f"{root.__name__} has both {REFERENCE} and {DISTRIBUTE}: its rows are either on all "
            "servers, or each on one.",
            where=place_of(root, DISTRIBUTE),
            cure="Remove one of the two.",
        )
    return Distribution(_column(root, name, asking | {root}))


def _column(root: Any, name: Any, asking: frozenset[Any]) -> str:
    """Return the column of the attribute ``name`` that tells on which server a row is."""
    attribute = root._adict_.get(name) if isinstance(name, str) else None
    known = ", ".join(each.name for each in root._new_attrs_ if each.columns)
    if attribute is None or attribute.is_collection or not attribute.columns:
        raise EntityError(
            f"{DISTRIBUTE} = {name!r} names no attribute of {root.__name__} with a column.",
            where=place_of(root, DISTRIBUTE),
            cure=f"Name one of its attributes, as a text: {known}.",
        )
    if len(attribute.columns) == 1:
        return str(attribute.columns[0])
    target = attribute.reverse.entity._root_
    there = _of_entity(target, asking) if target not in asking else None
    pairs = dict(zip(target._pk_columns_, attribute.columns, strict=True))
    if there is None or there.column not in pairs:
        raise EntityError(
            f"{DISTRIBUTE} = {name!r} leads to {target.__name__}, which has a key of several "
            "columns and isn't distributed by one of them.",
            where=place_of(root, DISTRIBUTE),
            cure=f"Name an attribute with one column, or distribute {target.__name__}, too.",
        )
    return str(pairs[there.column])


def _of_links(relation: Any) -> Distribution | None:
    """Return where the link table of a ``relation`` shall be: with the rows of a side."""
    for side in (relation, relation.reverse):
        target = side.reverse.entity._root_
        there = _of_entity(target, frozenset())
        columns = dict(zip(target._pk_columns_, side.columns, strict=True))
        if there is not None and there.column in columns:
            return Distribution(columns[there.column])
    return None
