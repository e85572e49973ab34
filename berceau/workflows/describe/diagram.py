"""The diagram of a description as plain data: what a page or another program draws."""

from collections.abc import Iterator
from typing import Any

from berceau.schema.names import unquote_name
from berceau.schema.type_names import shortened
from berceau.workflows.describe.description import DescribedTable, Description
from berceau.workflows.shared import fingerprint


def to_diagram(description: Description) -> dict[str, Any]:
    """Return the ``groups``, ``tables`` and ``keys`` of ``description``, and the ``hash`` of them.

    Each component is a group. A table has its ``columns`` with their short types, and a key leads
    from ``columns`` of one table to ``target_columns`` of another.
    """
    enums = {each.name for each in description.enums}
    drawn: dict[str, Any] = {
        "groups": [
            {"name": each.name, "text": _first_line(each.text)} for each in description.components
        ],
        "tables": [_table(each, enums) for each in description.tables],
        "keys": [key for each in description.tables for key in _keys(each)],
    }
    return {"hash": fingerprint.of_texts((repr(drawn),)), **drawn}


def _table(table: DescribedTable, enums: set[str]) -> dict[str, Any]:
    return {
        "name": table.name,
        "group": table.component,
        "entities": [each.name for each in table.entities],
        "text": _first_line(table.text),
        "link": table.is_link,
        "columns": [
            {
                "name": each.name,
                "type": shortened(each.column.type),
                "key": each.is_key,
                "refers": each.refers_to is not None,
                "required": each.column.not_null,
                "enum": unquote_name(each.column.type.removesuffix("[]")) in enums,
            }
            for each in table.columns
        ],
    }


def _keys(table: DescribedTable) -> Iterator[dict[str, Any]]:
    required = {each.name for each in table.columns if each.column.not_null}
    unique = {each.columns for each in table.table.uniques}
    if table.table.primary_key is not None:
        unique.add(table.table.primary_key.columns)
    for key in table.table.foreign_keys:
        yield {
            "name": key.name,
            "table": table.name,
            "columns": list(key.columns),
            "target": key.target,
            "target_columns": list(key.target_columns),
            "required": required.issuperset(key.columns),
            "unique": key.columns in unique,
            "on_delete": key.on_delete,
        }


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]
