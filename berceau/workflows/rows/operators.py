"""How rows can be filtered by a field: the operators of each type, and what they become in SQL."""

from collections.abc import Sequence
from dataclasses import dataclass

from berceau.errors import RowsError
from berceau.orm.fields import EntityFields, Field, Relation
from berceau.postgres.rows.conditions import (
    Sql,
    compared,
    equal,
    linked,
    missing,
    present,
)
from berceau.text import is_storable
from berceau.workflows.rows.entities import Entities
from berceau.workflows.rows.keys import read_key


@dataclass(frozen=True)
class Operator:
    """A way to compare: its ``name`` in addresses, its ``title`` for people."""

    name: str
    title: str
    takes_value: bool = True


_EQUALS = Operator("equals", "is")
_DIFFERS = Operator("differs", "is not")
_ABSENCE = (Operator("missing", "is missing", False), Operator("present", "is there", False))
_ORDER = (
    Operator("less", "is less than"),
    Operator("at most", "is at most"),
    Operator("more", "is more than"),
    Operator("at least", "is at least"),
)
_TIME = (
    Operator("less", "is before"),
    Operator("at most", "is before or at"),
    Operator("more", "is after"),
    Operator("at least", "is after or at"),
)
_TEXT = (
    Operator("contains", "contains"),
    Operator("begins", "begins with"),
    Operator("ends", "ends with"),
)
_BY_KIND: dict[str, tuple[Operator, ...]] = {
    "text": (_TEXT[0], _EQUALS, _DIFFERS, *_TEXT[1:]),
    "long text": (*_TEXT, _EQUALS),
    **dict.fromkeys(("integer", "decimal", "float", "interval"), (_EQUALS, _DIFFERS, *_ORDER)),
    **dict.fromkeys(("date", "time", "datetime"), (*reversed(_TIME), _EQUALS)),
    **dict.fromkeys(("boolean", "enum", "uuid"), (_EQUALS, _DIFFERS)),
    "json": (Operator("has key", "has the key"), Operator("holds", "holds the JSON"), _TEXT[0]),
    "array": (Operator("has item", "has the item"), Operator("holds", "holds all of")),
    "relation": (_EQUALS,),
    "relations": (Operator("has", "has"),),
    "bytes": (),
    "other": (_EQUALS,),
}


@dataclass(frozen=True)
class Filter:
    """That a field of a row compares so with ``value``, a text; that of a relation is a key."""

    field: str
    operator: str
    value: str = ""


def operators(entities: Entities, entity: EntityFields, field: Field) -> tuple[Operator, ...]:
    """Return the operators for ``field``. Of a secret, only whether it is there can be asked."""
    if entities.is_secret(entity, field):
        return _ABSENCE if field.nullable else ()
    absence = _ABSENCE if field.nullable or not field.required else ()
    return (*_BY_KIND[field.kind], *(() if field.many or not field.columns else absence))


def condition(entities: Entities, entity: EntityFields, filter_: Filter) -> Sql:
    """Return what ``filter_`` demands of a row. Raises ``RowsError`` where it makes no sense."""
    field = entities.field(entity, filter_.field)
    known = operators(entities, entity, field)
    if filter_.operator not in {each.name for each in known}:
        raise RowsError(
            f"{entity.name}.{field.name} can't be filtered by “{filter_.operator}”.",
            cure=f"Use one of {', '.join(each.name for each in known) or 'the other attributes'}.",
        )
    if not is_storable(filter_.value):
        raise RowsError(
            "A value has a character that PostgreSQL can't store.", cure="Leave it out."
        )
    if filter_.operator == "missing":
        return missing(field.columns)
    if filter_.operator == "present":
        return present(field.columns)
    if field.relation is not None:
        return _related(entities, entity, field, field.relation, filter_.value)
    return compared(filter_.operator, field.columns[0], filter_.value)


def _related(
    entities: Entities, entity: EntityFields, field: Field, relation: Relation, value: str
) -> Sql:
    target = entities.by_name[relation.target]
    key = read_key(target, value)
    if field.columns and not field.many:
        return equal(field.columns, key)
    if relation.link is not None:
        link = relation.link
        return linked(entity.key, link.table, link.own, equal(link.others, key, "l"))
    return linked(entity.key, target.table, relation.reverse_columns, equal(target.key, key, "l"))


def of_classes(entity: EntityFields) -> Sequence[Sql]:
    """Return what tells rows of ``entity`` from others in its table."""
    if not entity.values or entity.discriminator is None:
        return ()
    places = ", ".join(["%s"] * len(entity.values))
    column = present([entity.discriminator]).text.removesuffix(" IS NOT NULL")
    return (Sql(f"{column}::text IN ({places})", entity.values),)
