"""A description as JSON, in names that other programs can rely on."""

import json
from collections.abc import Mapping
from typing import Any

from berceau.workflows.describe.description import (
    DescribedColumn,
    DescribedEntity,
    DescribedEnum,
    DescribedTable,
    Description,
    Relation,
)
from berceau.workflows.document.marks import MARK

VERSION = 1
"""The version of the form: it grows where a name changes its meaning or goes."""


def files(description: Description) -> Mapping[str, str]:
    """Return the one file of the format."""
    return {"schema.json": _dumped(to_plain(description))}


def apis(documents: Mapping[str, Mapping[str, Any]]) -> Mapping[str, str]:
    """Return the files of OpenAPI ``documents``, which are by the paths that serve them."""
    return {
        path.lstrip("/"): _dumped({"openapi": found["openapi"], "x-origin": MARK, **found})
        for path, found in documents.items()
    }


def to_plain(description: Description) -> dict[str, Any]:
    """Return ``description`` as what JSON has; lines of files aren't in it, they change often."""
    return {
        "origin": MARK,
        "version": VERSION,
        "newest_migration": description.head,
        "components": [
            {
                "name": each.name,
                "description": each.text,
                "needs": list(each.needs),
                **({"scope": each.scope} if each.scope else {}),
            }
            for each in description.components
        ],
        "tables": [_table(each) for each in description.tables],
        "enums": [_enum(each) for each in description.enums],
    }


def _table(table: DescribedTable) -> dict[str, Any]:
    key = table.table.primary_key
    return {
        "name": table.name,
        "component": table.component,
        "migration": table.migration,
        "links": list(table.links),
        "place": table.place or None,
        "entities": [_entity(each) for each in table.entities],
        "columns": [_column(each) for each in table.columns],
        "primary_key": list(key.columns) if key else None,
        "unique": [
            {"name": each.name, "columns": list(each.columns)} for each in table.table.uniques
        ],
        "foreign_keys": [
            {
                "name": each.name,
                "columns": list(each.columns),
                "target": each.target,
                "target_columns": list(each.target_columns),
                "on_delete": each.on_delete,
            }
            for each in table.table.foreign_keys
        ],
        "indexes": [
            {
                "name": each.index.name,
                "keys": list(each.index.keys),
                "method": each.index.method,
                "unique": each.index.unique,
            }
            for each in table.indexes
            if not each.constraint
        ],
    }


def _entity(entity: DescribedEntity) -> dict[str, Any]:
    return {
        "name": entity.name,
        "description": entity.text,
        "file": entity.source.file,
        "bases": list(entity.bases),
        "kind": entity.kind,
        "relations": [_relation(each) for each in entity.relations],
    }


def _relation(relation: Relation) -> dict[str, Any]:
    return {
        "name": relation.name,
        "kind": relation.kind,
        "target": relation.target,
        "reverse": relation.reverse,
        "required": relation.required,
        "columns": list(relation.columns),
        "link": relation.link,
        "description": relation.text,
    }


def _column(column: DescribedColumn) -> dict[str, Any]:
    return {
        "name": column.name,
        "type": column.column.type,
        "python_type": column.python,
        "attribute": column.attribute,
        "required": column.column.not_null,
        "identity": column.column.identity,
        "default": column.column.default,
        "python_default": column.python_default,
        "description": column.text,
        "migration": column.migration,
    }


def _enum(enum: DescribedEnum) -> dict[str, Any]:
    return {
        "name": enum.name,
        "component": enum.component,
        "python_type": enum.python,
        "description": enum.text,
        "values": [
            {"value": each.label, "member": each.member, "description": each.text}
            for each in enum.labels
        ],
        "used_by": [{"table": table, "column": column} for table, column in enum.used_by],
        "migration": enum.migration,
    }


def _dumped(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
