"""What the deletion of an object does to others, before it is deleted."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from berceau.orm.fields import EntityFields, Field, Link, Relation
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import fetch
from berceau.postgres.core.own_tables import ROW
from berceau.postgres.rows.conditions import Sql, identifier, linked, of_row, one_of
from berceau.postgres.rows.listing import ListedRow, Listing, read_page
from berceau.postgres.rows.only_reading import only_reading
from berceau.workflows.rows.browsing import PATIENCE
from berceau.workflows.rows.cells import label_sql
from berceau.workflows.rows.entities import Entities
from berceau.workflows.rows.looking import readable_key

COUNTED = 500
"""How many rows of one relation are looked at: of more, only that there are more is known."""
_NAMED = 5

Action = Literal["delete", "detach", "unlink", "refuse"]


@dataclass(frozen=True)
class Effect:
    """What happens to ``count`` objects of ``entity`` because of their attribute ``field``.

    They are deleted, too, lose the object that they refer to, or are no longer linked with it; or
    they don't let it be deleted. ``names`` are the first ones, ``more`` says that there are others.
    ``keys`` is a hash of the keys of those that were counted: another row gives another one.
    """

    action: Action
    entity: str
    field: str
    count: int
    names: tuple[str, ...]
    more: bool
    keys: str


@dataclass(frozen=True)
class _Step:
    entity: EntityFields
    keys: tuple[tuple[str, ...], ...]


def effects_of_deletion(
    connection: Connection, entities: Entities, name: str, key: str
) -> tuple[Effect, ...]:
    """Return what the deletion of an object does to others, refusals first.

    Nothing is deleted, and no hook of an entity is called. Raises ``RowsError``.
    """
    entity = entities.find(name)
    found: list[Effect] = []
    steps = deque([_Step(entity, (readable_key(entities, entity, key),))])
    seen = {(entity.root, steps[0].keys[0])}
    with only_reading(connection, PATIENCE):
        while steps:
            step = steps.popleft()
            for field, relation in _from_afar(entities, step.entity):
                effect, keys = _effect(connection, entities, step, field, relation)
                root = entities.by_name[relation.target].root
                new = tuple(each for each in keys if (root, each) not in seen)
                if effect is not None:
                    found.append(effect)
                if new and effect is not None and effect.action == "delete":
                    seen |= {(root, each) for each in new}
                    steps.append(_Step(entities.by_name[relation.target], new))
    order: Sequence[Action] = ("refuse", "delete", "detach", "unlink")
    return tuple(sorted(found, key=lambda each: order.index(each.action)))


def digest(effects: Sequence[Effect]) -> str:
    """Return what tells ``effects`` from others: a deletion is of what somebody saw.

    Of more than ``COUNTED`` rows of one relation, only the first ones are told from others.
    """
    return sha256(repr(effects).encode("utf-8", "replace")).hexdigest()[:24]


def _from_afar(entities: Entities, entity: EntityFields) -> Iterator[tuple[Field, Relation]]:
    """Yield the relations of objects of ``entity``, and of its subclasses, that a deletion follows.

    Others refer by them, or the object itself does, and holds what it refers to.
    """
    family = [each for each in entities.by_name.values() if each.root == entity.root]
    fields = {(each.owner, each.name): each for other in family for each in other.fields}
    for field in fields.values():
        relation = field.relation
        if relation is not None and (field.many or not field.columns or relation.cascades):
            yield field, relation


def _effect(
    connection: Connection, entities: Entities, step: _Step, field: Field, relation: Relation
) -> tuple[Effect | None, tuple[tuple[str, ...], ...]]:
    target = entities.by_name[relation.target]
    if relation.link is not None:
        links = _links(connection, step, relation.link)
        unlinked = Effect(
            "unlink",
            target.name,
            relation.reverse,
            min(len(links), COUNTED),
            (),
            len(links) > COUNTED,
            _hashed(links),
        )
        return (unlinked if links else None), ()
    rows = _concerned(connection, entities, target, _condition(step, target, field, relation))
    if not rows:
        return None, ()
    keys = tuple(row.place.key for row in rows)
    names = [row.cells[0] or ", ".join(row.place.key) for row in rows[:_NAMED]]
    is_secret = entities.has_secret_key(target) or entities.is_secret(step.entity, field)
    effect = Effect(
        "delete" if relation.cascades else "detach" if relation.detaches else "refuse",
        target.name,
        relation.reverse,
        min(len(rows), COUNTED),
        () if is_secret else tuple(names),
        len(rows) > COUNTED,
        _hashed(keys),
    )
    return effect, keys[:COUNTED]


def _hashed(keys: Sequence[tuple[str, ...]]) -> str:
    return sha256(repr(tuple(keys[:COUNTED])).encode("utf-8", "replace")).hexdigest()


def _condition(step: _Step, target: EntityFields, field: Field, relation: Relation) -> Sql:
    """Return which rows of ``target`` the objects of ``step`` are related to by ``field``."""
    if field.columns:
        own = one_of(step.entity.key, step.keys, "l")
        return linked(target.key, step.entity.table, field.columns, own)
    return one_of(relation.reverse_columns, step.keys)


def _concerned(
    connection: Connection, entities: Entities, target: EntityFields, condition: Sql
) -> list[ListedRow]:
    listing = Listing(
        table=target.table,
        key=target.key,
        cells=(label_sql(entities, target),),
        conditions=(condition,),
    )
    return read_page(connection, listing, None, COUNTED + 1)


def _links(connection: Connection, step: _Step, link: Link) -> list[tuple[str, ...]]:
    """Return the first pairs of a relation, in an order that is the same the next time."""
    where = one_of(link.own, step.keys)
    columns = [of_row([each]) for each in (*link.own, *link.others)]
    texts = ", ".join(f"{each}::text" for each in columns)
    rows = f"SELECT {texts} FROM {identifier(link.table)} AS {ROW} WHERE {where.text}"  # noqa: S608 - all is quoted
    return fetch(
        connection, f"{rows} ORDER BY {', '.join(columns)} LIMIT {COUNTED + 1}", where.values
    )
