"""A description in DBML, which dbdiagram.io and other tools read."""

from collections.abc import Iterator, Mapping

from berceau.schema.model import ForeignKey
from berceau.schema.names import unquote_name
from berceau.schema.type_names import shortened
from berceau.workflows.describe.description import (
    DescribedColumn,
    DescribedEnum,
    DescribedTable,
    Description,
)
from berceau.workflows.document.marks import SLASHES


def files(description: Description) -> Mapping[str, str]:
    """Return the one file of the format."""
    blocks = [SLASHES]
    blocks += ("\n".join(_enum(each)) for each in description.enums)
    blocks += ("\n".join(_table(each)) for each in description.tables)
    refs = [line for each in description.tables for line in _refs(each)]
    if refs:
        blocks.append("\n".join(refs))
    blocks += (
        "\n".join(_group(each.name, tables))
        for each in description.components
        if (tables := tuple(description.tables_of(each.name)))
    )
    return {"schema.dbml": "\n\n".join(blocks) + "\n"}


def _enum(enum: DescribedEnum) -> Iterator[str]:
    yield f"Enum {_name(enum.name)} {{"
    for each in enum.labels:
        yield f"  {_name(each.label)}{_settings([_note(each.text)] if each.text else [])}"
    yield "}"


def _table(table: DescribedTable) -> Iterator[str]:
    key = table.table.primary_key
    single = key is not None and len(key.columns) == 1
    unique = {each.columns[0] for each in table.table.uniques if len(each.columns) == 1}
    yield f"Table {_name(table.name)} {{"
    for each in table.columns:
        yield f"  {_column(each, key=single and each.is_key, unique=each.name in unique)}"
    indexes = list(_indexes(table))
    if indexes:
        yield "  indexes {"
        yield from (f"    {each}" for each in indexes)
        yield "  }"
    if table.text:
        yield f"  {_note(table.text, block=True)}"
    yield "}"


def _column(column: DescribedColumn, *, key: bool, unique: bool) -> str:
    settings = []
    if key:
        settings.append("pk")
    if column.column.identity:
        settings.append("increment")
    if unique:
        settings.append("unique")
    if column.column.not_null and not key:
        settings.append("not null")
    if column.column.default is not None:
        settings.append(f"default: `{column.column.default.replace('`', '')}`")
    if column.text:
        settings.append(_note(column.text))
    return f"{_name(column.name)} {_type(shortened(column.column.type))}{_settings(settings)}"


def _indexes(table: DescribedTable) -> Iterator[str]:
    key = table.table.primary_key
    if key is not None and len(key.columns) > 1:
        yield f"({', '.join(map(_name, key.columns))}) [pk]"
    for unique in table.table.uniques:
        if len(unique.columns) > 1:
            yield f"({', '.join(map(_name, unique.columns))}) [unique, name: {_text(unique.name)}]"
    columns = {each.name for each in table.columns}
    for each in table.table.indexes:
        plain = [unquote_name(part) for part in each.keys]
        keys = [
            _name(p) if p in columns else f"`{k}`" for p, k in zip(plain, each.keys, strict=True)
        ]
        settings = [f"name: {_text(each.name)}", *(["unique"] if each.unique else [])]
        yield f"({', '.join(keys)}){_settings(settings)}"


def _refs(table: DescribedTable) -> Iterator[str]:
    unique = {each.columns for each in table.table.uniques}
    for key in table.table.foreign_keys:
        sign = "-" if key.columns in unique else ">"
        sides = _side(table.name, key.columns), _side(key.target, key.target_columns)
        yield f"Ref {_name(key.name)}: {sides[0]} {sign} {sides[1]}{_on_delete(key)}"


def _on_delete(key: ForeignKey) -> str:
    return "" if key.on_delete == "NO ACTION" else f" [delete: {key.on_delete.lower()}]"


def _side(table: str, columns: tuple[str, ...]) -> str:
    names = ", ".join(map(_name, columns))
    return f"{_name(table)}.{names if len(columns) == 1 else f'({names})'}"


def _group(name: str, tables: tuple[DescribedTable, ...]) -> Iterator[str]:
    yield f"TableGroup {_name(name)} {{"
    yield from (f"  {_name(each.name)}" for each in tables)
    yield "}"


def _name(name: str) -> str:
    return name if name.isascii() and name.isidentifier() else _quoted(name)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', "'") + '"'


def _type(sql_type: str) -> str:
    plain = sql_type.replace("(", "").replace(")", "").replace(",", "")
    is_name = plain.isascii() and plain.isidentifier()
    return sql_type if is_name else _quoted(unquote_name(sql_type))


def _text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _note(text: str, *, block: bool = False) -> str:
    """Return a note; that of a block may have several lines."""
    sign = "Note" if block else "note"
    if block and "\n" in text:
        body = text.replace("\\", "\\\\").replace("'''", "\\'''").replace("\n", "\n    ")
        return f"{sign}: '''\n    {body}\n  '''"
    return f"{sign}: {_text(' '.join(text.split()))}"


def _settings(settings: list[str]) -> str:
    return f" [{', '.join(settings)}]" if settings else ""
