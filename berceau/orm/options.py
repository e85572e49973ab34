"""Options of attributes that Pony takes and that do nothing: which they are, and why."""

from collections.abc import Iterator
from typing import Any

from berceau.errors import EntityError
from berceau.orm.diagnosis import place_of

Idle = tuple[str, str]
"""An option, and why it does nothing."""

_SERIAL = {"SMALLSERIAL", "SERIAL", "BIGSERIAL"}
_NUMBERED = {"SMALLINT", "INTEGER", "BIGINT", "INT", "INT2", "INT4", "INT8"} | _SERIAL


def _because(why: str, options: str) -> tuple[Idle, ...]:
    return tuple((option, why) for option in options.split())


_ALL = (
    *_because("PostgreSQL has no interleaved tables", "interleave"),
    *_because("a database of PostgreSQL has one encoding", "db_encoding"),
)
_SET = _because("a Set has no column", "nullable optimistic sql_default sql_type")
_TO_MANY = (
    *_SET,
    *_because("the column is on the other side", "index"),
    *_because("only a relation of many to many has a table of its own", "reverse_fk_name"),
)
_LINK = (*_SET, *_because("only a Set that is its own other side has two names", "reverse_fk_name"))
_NO_COLUMN = _because(
    "the column is on the other side",
    "index lazy nullable optimistic reverse_index sql_default sql_type",
)
_TO_ONE = _because("only a Set can have an index for its other side", "reverse_index")
_PLAIN = _because("it isn't a relation", "fk_name reverse_index")
_KEY = (
    *_because("a key is never NULL", "nullable"),
    *_because("a key never changes", "optimistic"),
)


def idle_options(attribute: Any) -> tuple[Idle, ...]:
    """Return the options that would do nothing for a mapped ``attribute``, if it has them."""
    return (*_ALL, *_of_kind(attribute), *_of_values(attribute))


def _of_kind(attribute: Any) -> tuple[Idle, ...]:
    if attribute.is_collection:
        if not attribute.reverse.is_collection:
            return _TO_MANY
        return _SET if attribute.symmetric else _LINK
    if not attribute.columns:
        return _NO_COLUMN
    kind = _TO_ONE if attribute.reverse else _PLAIN
    return (*kind, *_KEY) if attribute.is_pk else kind


def _of_values(attribute: Any) -> Iterator[Idle]:
    if attribute.auto and not _is_filled(attribute):
        yield "auto", "PostgreSQL numbers only a primary key of type int"
    if attribute.is_collection or not attribute.columns:
        return
    if attribute.is_required and attribute.nullable and attribute.entity._root_ is attribute.entity:
        yield "nullable", "a Required attribute takes no None"
    if attribute.is_volatile:
        yield "optimistic", "a volatile attribute is never checked"
    if len(attribute.columns) > 1:
        yield "sql_default", "it has several columns"


def _is_filled(attribute: Any) -> bool:
    """Return whether an attribute gets its value from PostgreSQL, or has a default."""
    if attribute.is_pk and not attribute.entity._pk_is_composite_:
        return True
    serial = (attribute.sql_type or "").upper() in _SERIAL
    return bool(serial or attribute.sql_default or attribute.default is not None)


def check_numbered_keys(database: Any) -> None:
    """Check the primary keys of a mapped ``database`` that have ``auto``.

    Raises ``EntityError`` where PostgreSQL can't number them.
    """
    for entity in database.entities.values():
        key: Any = entity._pk_
        if entity._pk_is_composite_ or not key.auto or key.entity is not entity:
            continue
        type_ = database.schema.tables[entity._table_].pk_index.columns[0].sql_type
        if key.reverse or type_.upper() not in _NUMBERED:
            raise EntityError(
                f"{key} can't have auto=True: PostgreSQL numbers only a key of type int.",
                where=place_of(entity, key.name),
                cure="Use PrimaryKey(int, auto=True), or remove auto=True: the value comes from "
                "your code, or from a default, as in PrimaryKey(UUID, default=uuid4).",
            )
        if key.sql_default:
            raise EntityError(
                f"{key} can't have both auto=True and sql_default=.",
                where=place_of(entity, key.name),
                cure="Remove one of them: auto=True numbers the rows.",
            )
