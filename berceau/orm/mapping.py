"""A mapped Pony ``Database`` read as a ``Schema``: what the entities declare."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from pony.orm.core import Database, Discriminator

from berceau.orm.diagnosis import duplicate
from berceau.orm.distribution import distribution_of
from berceau.orm.enums import enum_labels, enum_type_name
from berceau.orm.extension import written_as
from berceau.orm.given import Given, given_names
from berceau.orm.index_methods import index_method
from berceau.orm.literals import empty_value
from berceau.orm.meaning import meanings
from berceau.schema.meaning import Role
from berceau.schema.model import (
    Action,
    Column,
    Enum,
    ForeignKey,
    Index,
    PrimaryKey,
    Schema,
    Table,
    Unique,
)
from berceau.schema.names import object_name, quote_literal, quote_name
from berceau.schema.numbering import with_own
from berceau.schema.renames import path_of

_SERIAL = {"SMALLSERIAL": "SMALLINT", "SERIAL": "INTEGER", "BIGSERIAL": "BIGINT"}


def to_schema(database: Database) -> Schema:
    """Return the enums and tables that the entities of a mapped ``database`` declare.

    Types and defaults stand as Pony writes them; only PostgreSQL can say what they mean.
    """
    enums = dict(sorted(enum_classes(database).items()))
    return with_own(
        Schema(
            enums=tuple(Enum(name, enum_labels(enum_class)) for name, enum_class in enums.items()),
            tables=tuple(_table(table) for _, table in sorted(database.schema.tables.items())),
            meanings=meanings(database, enums),
        )
    )


def enum_classes(database: Database) -> dict[str, type]:
    """Return the enum class behind each native enum type, by the type's name.

    Raises ``DuplicateNameError`` where two classes would become one type.
    """
    found: dict[str, type] = {}
    for table in database.schema.tables.values():
        for column in table.column_list:
            enum_class = getattr(column.converter, "enum_class", None)
            if enum_class is None:
                continue
            name = enum_type_name(enum_class)
            other = found.setdefault(name, enum_class)
            if other is not enum_class:
                raise duplicate("enum type", name, other, enum_class)
    return found


def table_entities(database: Database) -> dict[str, tuple[type, ...]]:
    """Return the entities behind each table, by the table's name: of a link table, both sides."""
    return {
        name: tuple(
            sorted(
                table.entities or {attribute.entity for attribute in table.m2m},
                key=lambda entity: int(entity._id_),
            )
        )
        for name, table in database.schema.tables.items()
    }


def declaring_modules(database: Database) -> dict[str, frozenset[str]]:
    """Return the modules that declare each table, enum type and subclass, by its name.

    Those of a link table declare the sides of its relation, and that of a table which entities
    share declares their root. A subclass stands for the path of its value, as
    ``person.classtype.Manager``.
    """
    found = {
        name: frozenset(
            (written_as(each)[0] for each in table.m2m)
            if table.m2m
            else (each._root_.__module__ for each in table.entities)
        )
        for name, table in database.schema.tables.items()
    }
    found |= {
        name: frozenset({enum_class.__module__})
        for name, enum_class in enum_classes(database).items()
    }
    return found | {
        path_of(each.place): frozenset({database.entities[each.of].__module__})
        for each in meanings(database, {})
        if each.role == Role.SUBCLASS
    }


def _table(table: Any) -> Table:
    plain = [index for index in table.indexes.values() if not index.is_pk]
    given = given_names(table)
    uniques = {_names(index.columns): index.name for index in plain if index.is_unique}
    named = {_names(each.columns): each.name for each in plain if each.name in given.indexes}
    key = _names(table.pk_index.columns)
    one_to_one = set(_one_to_one_columns(table)) - {key}
    for columns in one_to_one:
        uniques.setdefault(columns, named.get(columns) or object_name(table.name, columns, "key"))
    for columns in uniques:
        uniques[columns] = given.uniques.get(columns, uniques[columns])
    given_to_indexes = given.indexes | set(given.uniques.values())
    return Table(
        name=table.name,
        columns=tuple(_column(column) for column in table.column_list),
        primary_key=PrimaryKey(object_name(table.name, (), "pkey"), key),
        uniques=tuple(
            Unique(
                uniques[columns],
                columns,
                named=uniques[columns] in given_to_indexes,
                deferred=columns in one_to_one,
            )
            for columns in sorted(uniques)
        ),
        foreign_keys=tuple(
            sorted(
                (_foreign_key(key, given) for key in table.foreign_keys.values()),
                key=lambda key: key.columns,
            )
        ),
        indexes=tuple(
            sorted(
                (
                    replace(_index(index), named=index.name in given_to_indexes)
                    for index in plain
                    if _names(index.columns) not in uniques
                ),
                key=lambda index: index.keys,
            )
        ),
        distribution=distribution_of(table),
    )


def _names(columns: Iterable[Any]) -> tuple[str, ...]:
    return tuple(column.name for column in columns)


def _one_to_one_columns(table: Any) -> Iterator[tuple[str, ...]]:
    for entity in table.entities:
        for attribute in entity._new_attrs_:
            reverse = attribute.reverse
            if (
                reverse
                and attribute.columns
                and not (attribute.is_collection or reverse.is_collection)
            ):
                yield tuple(attribute.columns)


def _column(column: Any) -> Column:
    sql_type = _SERIAL.get(column.sql_type.upper(), column.sql_type)
    default = column.sql_default
    if default is None:
        default = _discriminator_of_the_root(column)
    return Column(
        name=column.name,
        type=sql_type,
        not_null=bool(column.is_not_null or column.is_pk_part),
        default=default if isinstance(default, str) else None,
        identity=column.is_pk == "auto" or sql_type is not column.sql_type,
        empty=empty_value(column.converter) if column.is_not_null else None,
        kinds=tuple(_kinds(column)),
    )


def _discriminator_of_the_root(column: Any) -> str | None:
    """Return the default of a discriminator: rows from before it existed belong to the root.

    It stays, since a process that doesn't know of subclasses yet inserts rows of the root.
    """
    attribute = column.converter.attr
    if not isinstance(attribute, Discriminator):
        return None
    entity: Any = attribute.entity
    return _kind(column, entity._root_)


def _kinds(column: Any) -> Iterator[str]:
    """Yield the values that a discriminator has for its entities."""
    attribute = column.converter.attr
    if isinstance(attribute, Discriminator):
        entity: Any = attribute.entity
        root = entity._root_
        yield from filter(None, (_kind(column, each) for each in (root, *root._subclasses_)))


def _kind(column: Any, entity: Any) -> str | None:
    if entity._discriminator_ is None:
        return None
    value = column.converter.py2sql(entity._discriminator_)
    return str(value) if isinstance(value, int) else quote_literal(str(value))


def _index(index: Any) -> Index:
    return Index(
        name=index.name,
        keys=tuple(map(quote_name, _names(index.columns))),
        method=index_method(index.columns[0].converter.py_type),
    )


def _foreign_key(key: Any, given: Given) -> ForeignKey:
    action: Action = key.on_delete or "NO ACTION"
    columns = _names(key.child_columns)
    name = given.foreign_keys.get(columns)
    return ForeignKey(
        name=name or key.name,
        columns=columns,
        target=key.parent_table.name,
        target_columns=_names(key.parent_columns),
        on_delete=action,
        named=name is not None,
    )
