"""A value as a page shows it: as text, cut where it is long, and hidden where it is a secret."""

from dataclasses import dataclass
from typing import Any

from berceau.orm.fields import EntityFields, Field
from berceau.postgres.core.own_tables import ROW
from berceau.postgres.rows.conditions import identifier, of_row
from berceau.workflows.rows.entities import Entities
from berceau.workflows.rows.keys import write_key

CELL = 200
"""How many characters of a value a list shows."""
_LABEL = 80
"""How many characters of its name stand for an object."""


@dataclass(frozen=True)
class Cell:
    """A value of a row as text; ``None`` stands for NULL.

    ``cut`` says that it goes on, ``hidden`` that it is there and a secret. Of a relation, ``text``
    is the name of the object, and ``key`` its key.
    """

    text: str | None
    cut: bool = False
    hidden: bool = False
    key: str | None = None


def cell_sql(
    entities: Entities,
    entity: EntityFields,
    field: Field,
    longest: int | None,
    *,
    indented: bool = False,
) -> str:
    """Return the SQL of two values: that of ``field``, and what else a cell has to know.

    The first is a text, cut after ``longest`` characters, or the key of a relation, as an array;
    the second is whether there is more, or what the related object is called. Of a secret,
    there is only whether it is there. JSON may be ``indented``. Where nothing is cut, all rows may
    be meant, and names are left out.
    """
    value = of_row(field.columns[:1])
    if entities.is_secret(entity, field):
        return f"CASE WHEN {value} IS NOT NULL THEN '' END, 'secret'"
    if field.relation is not None:
        parts = ", ".join(f"{of_row([each])}::text" for each in field.columns)
        target = entities.by_name[field.relation.target]
        name = "NULL" if longest is None else _name_of_target(entities, target, field)
        return f"ARRAY[{parts}], {name}"
    text = (
        f"jsonb_pretty({value}::jsonb)"
        if indented and field.kind == "json"
        else _text(field, value)
    )
    if longest is None:
        return f"{text}, NULL"
    return f"left({text}, {longest}), CASE WHEN length({text}) > {longest} THEN 'more' END"


def _text(field: Field, value: str) -> str:
    if field.kind == "bytes":
        return f"encode({value}, 'hex')"
    if field.kind == "array":
        return f"array_to_json({value})::text"
    return f"{value}::text"


def label_sql(entities: Entities, entity: EntityFields, row: str = ROW) -> str:
    """Return the SQL of what a row of ``entity`` is called; NULL where it has but its key."""
    label = entities.label(entity)
    return "NULL" if label is None else f"left({of_row(label.columns, row)}::text, {_LABEL})"


def _name_of_target(entities: Entities, target: EntityFields, field: Field) -> str:
    if entities.label(target) is None:
        return "NULL"
    name = label_sql(entities, target, "t")
    same = f"{of_row(target.key, 't')} = {of_row(field.columns)}"
    table = identifier(target.table)
    return f"(SELECT {name} FROM {table} AS t WHERE {same})"  # noqa: S608 - all is quoted


def read_cell(
    entities: Entities, entity: EntityFields, field: Field, values: tuple[Any, Any]
) -> Cell:
    """Return what ``values``, which ``cell_sql`` asked for, say."""
    first, second = values
    if entities.is_secret(entity, field):
        return Cell(None, hidden=first is not None)
    if field.relation is None:
        return Cell(first, cut=second is not None)
    if None in first:
        return Cell(None)
    key = write_key(first)
    return Cell(second or key, key=key)
