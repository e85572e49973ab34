"""What the rows of a discriminator get, whose values are called otherwise, or go."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from berceau.schema.changes import AlterColumn, Change, DeleteRows, RebuildEnum, Recode, Use
from berceau.schema.choices import Choices, Place
from berceau.schema.conversions import recoded, retypes
from berceau.schema.model import Schema
from berceau.schema.names import quote_literal, quote_name

_Values = Mapping[Place, Mapping[str, str]]
"""New values by the old ones, as text, by column."""


def with_recodes(
    steps: Iterable[Change],
    changes: Sequence[Change],
    current: Schema,
    desired: Schema,
    choices: Choices,
) -> Iterator[Change]:
    """Yield ``steps``, and what gives rows their new values or deletes those of no entity.

    Where the type of the column changes, or is rebuilt, that comes with it: neither type need have
    the values of the other. Rows are deleted before.
    """
    values = _values(changes, choices)
    converted = {
        (change.table, change.after.name)
        for change in changes
        if isinstance(change, AlterColumn) and retypes(change)
    }
    for step in steps:
        if isinstance(step, RebuildEnum):
            uses = tuple(_with_values(use, values, choices) for use in step.uses)
            converted |= {(use.table, use.column.name) for use in uses}
            yield replace(step, uses=uses)
        else:
            yield step
    types, old_types = _types(desired), _types(current)
    labels, old_labels = _labels(desired), _labels(current)
    for place, pairs in values.items():
        if place in types and place not in converted:
            sql_type, merged = types[place].removesuffix("[]"), _merged(place, choices)
            yield Recode(
                *place,
                tuple((_value(old, sql_type), _value(new, sql_type)) for old, new in pairs.items()),
                tuple(_value(old, sql_type) for old in pairs if old in merged),
                array=sql_type != types[place],
                known=labels.get(sql_type, frozenset()).issuperset(pairs)
                and old_labels.get(sql_type, frozenset()).issuperset(pairs.values()),
            )
    for table, column, value in choices.deleted:
        if (table, column) in old_types:
            old = _value(value, old_types[table, column])
            yield DeleteRows(table, column, old, early=(table, column) in converted)


def _values(changes: Iterable[Change], choices: Choices) -> _Values:
    """Return the values of discriminators that become others."""
    found = {place: dict(pairs) for place, pairs in choices.values.items()}
    for change in changes:
        if isinstance(change, AlterColumn):
            found.setdefault((change.table, change.after.name), dict(recoded(change, choices)))
    return {place: pairs for place, pairs in found.items() if pairs}


def _with_values(use: Use, values: _Values, choices: Choices) -> Use:
    place = use.table, use.column.name
    pairs, merged = values.get(place, {}), _merged(place, choices)
    return replace(
        use, values=tuple(pairs.items()), merged=tuple(old for old in pairs if old in merged)
    )


def _merged(place: Place, choices: Choices) -> frozenset[str]:
    """Return the values at ``place`` that can't be told from others afterwards."""
    return frozenset(each[2] for each in choices.merged if each[:2] == place)


def _types(schema: Schema) -> dict[Place, str]:
    return {
        (table.name, column.name): column.type
        for table in schema.tables
        for column in table.columns
    }


def _labels(schema: Schema) -> dict[str, frozenset[str]]:
    return {quote_name(enum.name): frozenset(enum.labels) for enum in schema.enums}


def _value(text: str, sql_type: str) -> str:
    return f"{quote_literal(text)}::{sql_type}"
