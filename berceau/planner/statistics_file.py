"""``Statistics`` as JSON that people can review, and back: the same value has the same text."""

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from berceau.errors import StatisticsError
from berceau.planner.json_reading import loads
from berceau.planner.statistics import (
    ColumnStatistics,
    ExtensionStatistics,
    IndexStatistics,
    NumberStatistics,
    QueryStatistics,
    Size,
    Statistics,
    TableStatistics,
    Values,
)

FORMAT = 1
"""What the file says of its own form: a later Berceau may write another."""
_KIND = "planner statistics"
_EXACT = 2.0**53
_LEAST = -1
"""PostgreSQL's word for a number that it doesn't know."""
_MOST = {"height": 32, "blocks": 2**32 - 2}
"""What a B-tree of the largest relation has at most, and that relation."""


def to_text(statistics: Statistics) -> str:
    """Return the text of the file: a line for each column, index and query."""
    return _render(_to_data(statistics)) + "\n"


def from_text(text: str) -> Statistics:
    """Return what ``to_text`` made a text of. Raises ``StatisticsError``."""
    try:
        data = loads(text)
        kind, form = data["berceau"], data["format"]
    except (ValueError, TypeError, KeyError) as error:
        raise _unreadable(f"{type(error).__name__}: {error}") from error
    if kind != _KIND or form != FORMAT:
        raise StatisticsError(
            f"It is of the form {form!r}, and this version of Berceau reads {FORMAT}.",
            cure="Save it again with `invoke stats.save`, or install the Berceau that wrote it.",
        )
    try:
        return _from_data(data)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise _unreadable(f"{type(error).__name__}: {error}") from error


def _unreadable(why: str) -> StatisticsError:
    return StatisticsError(
        f"It isn't a file of statistics ({why}).",
        cure="Take the file from version control, or save it again with `invoke stats.save`.",
    )


def _to_data(statistics: Statistics) -> dict[str, Any]:
    head = _plain(statistics, without=("numbers", "extensions", "tables", "queries"))
    return {
        "berceau": _KIND,
        "format": FORMAT,
        **head,
        **{
            name: [_plain(each) for each in parts]
            for name, parts in (
                ("numbers", statistics.numbers),
                ("extensions", statistics.extensions),
            )
            if parts
        },
        "tables": {
            table.name: {
                **_plain(table.size),
                **_plain(table, without=("name", "size", "columns", "indexes")),
                "columns": _columns(table.columns),
                "indexes": {
                    index.name: {
                        **_plain(index.size),
                        **_plain(index, without=("name", "size", "columns")),
                        **({"columns": _columns(index.columns)} if index.columns else {}),
                    }
                    for index in table.indexes
                },
            }
            for table in statistics.tables
        },
        "queries": [_plain(each) for each in statistics.queries],
    }


def _columns(columns: tuple[ColumnStatistics, ...]) -> dict[str, Any]:
    return {
        f"{each.name} (inherited)" if each.inherited else each.name: {
            **_plain(each, without=("name", "inherited", "values")),
            **(_plain(each.values) if each.values else {}),
        }
        for each in columns
    }


def _plain(value: Any, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the fields of a dataclass, without those that have their default."""
    return {
        each.name: _number(getattr(value, each.name))
        for each in fields(value)
        if each.name not in without
        and (each.default is MISSING or getattr(value, each.name) != each.default)
    }


def _number(value: Any) -> Any:
    """Write what is whole without a fraction: 1000000 and not 1000000.0."""
    whole = isinstance(value, float) and value.is_integer() and abs(value) < _EXACT
    return int(value) if whole else value


def _from_data(data: Mapping[str, Any]) -> Statistics:
    tables = tuple(
        TableStatistics(
            name=name,
            size=_take(Size, given),
            columns=_columns_from(given["columns"]),
            indexes=tuple(
                IndexStatistics(
                    name=index,
                    size=_take(Size, of_index),
                    columns=_columns_from(of_index.get("columns", {})),
                    **_given(IndexStatistics, of_index, "height", "scans"),
                )
                for index, of_index in given["indexes"].items()
            ),
            **_given(TableStatistics, given, "inserted", "updated", "deleted"),
        )
        for name, given in data["tables"].items()
    )
    queries = tuple(_take(QueryStatistics, each) for each in data["queries"])
    names = ("postgresql", "schema", "collation", "settings", "since", "days", "database")
    return Statistics(
        **_given(Statistics, data, *names),
        numbers=tuple(_take(NumberStatistics, each) for each in data.get("numbers", ())),
        extensions=tuple(_take(ExtensionStatistics, each) for each in data.get("extensions", ())),
        tables=tables,
        queries=queries,
    )


def _columns_from(data: Mapping[str, Any]) -> tuple[ColumnStatistics, ...]:
    found = []
    for name, given in data.items():
        plain = name.removesuffix(" (inherited)")
        values = _take(Values, given)
        found.append(
            ColumnStatistics(
                name=plain,
                inherited=plain != name,
                values=values if values != Values() else None,
                **_given(
                    ColumnStatistics, given, "null_frac", "avg_width", "n_distinct", "correlation"
                ),
            )
        )
    return tuple(found)


def _take(kind: Any, data: Mapping[str, Any]) -> Any:
    """Return the dataclass ``kind`` of those members of ``data`` that are its fields."""
    return kind(**_given(kind, data, *(each.name for each in fields(kind))))


def _given(kind: Any, data: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return the members of ``data`` called ``names``, each of the type that its field has."""
    hints = get_type_hints(kind)
    return {name: _checked(name, hints[name], data[name]) for name in names if name in data}


def _checked(name: str, hint: Any, value: Any) -> Any:
    kinds = get_args(hint) if get_origin(hint) is UnionType else (hint,)
    allowed = {get_origin(each) or each for each in kinds}
    if tuple in allowed and isinstance(value, list) and all(map(_is_number, value)):
        return tuple(map(float, value))
    if float in allowed:
        allowed.add(int)
    texts = value.values() if isinstance(value, dict) else ()
    if (
        (isinstance(value, bool) and bool not in allowed)
        or not isinstance(value, tuple(allowed))
        or not all(isinstance(each, str) for each in texts)
        or (int in allowed and float not in allowed and not _is_count(name, value))
    ):
        raise TypeError(f"{name} is {value!r}")
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(name: str, value: Any) -> bool:
    return value is None or _LEAST <= value <= _MOST.get(name, value)


def _render(value: Any, indent: str = "") -> str:
    """Write what holds other objects in several lines, and all else in one."""
    inner = indent + "  "
    if isinstance(value, dict) and any(map(_holds_objects, (value, *value.values()))):
        lines = (f"{json.dumps(key)}: {_render(each, inner)}" for key, each in value.items())
        return "{\n" + ",\n".join(inner + line for line in lines) + f"\n{indent}}}"
    if isinstance(value, list) and _holds_objects(value):
        return "[\n" + ",\n".join(inner + _render(each, inner) for each in value) + f"\n{indent}]"
    return json.dumps(value, ensure_ascii=False)


def _holds_objects(value: Any) -> bool:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(isinstance(each, dict) for each in parts)
