"""A description as diagrams of Mermaid, which GitHub, GitLab and wikis draw."""

import re
from collections.abc import Iterable, Iterator, Mapping

from berceau.schema.type_names import shortened
from berceau.workflows.describe.description import DescribedTable, Description
from berceau.workflows.document.marks import PERCENT

_NO_NAME = re.compile(r"[^A-Za-z0-9_]+")
_NO_TYPE = re.compile(r"[^A-Za-z0-9_()\[\]-]+")


def files(description: Description) -> Mapping[str, str]:
    """Return one diagram of all tables, and one for each component."""
    found = {"schema.mmd": _file(description, description.tables)}
    for each in description.components:
        tables = tuple(description.tables_of(each.name))
        if tables:
            found[f"components/{each.name}.mmd"] = _file(description, tables)
    return found


def diagram(description: Description, tables: Iterable[DescribedTable]) -> str:
    """Return the diagram of ``tables``; those that their keys lead to or from have no columns."""
    tables = tuple(tables)
    shown = {each.name for each in tables}
    lines = ["erDiagram"]
    for each in tables:
        lines += _table(each)
    for each in description.tables:
        lines += (line for target, line in _keys(each) if each.name in shown or target in shown)
    return "\n".join(lines) + "\n"


def _file(description: Description, tables: Iterable[DescribedTable]) -> str:
    return f"{PERCENT}\n{diagram(description, tables)}"


def _table(table: DescribedTable) -> Iterator[str]:
    yield f"    {_quoted(table.name)} {{"
    unique = {each.columns[0] for each in table.table.uniques if len(each.columns) == 1}
    for each in table.columns:
        marks = [
            mark
            for mark, holds in (
                ("PK", each.is_key),
                ("FK", each.refers_to is not None),
                ("UK", each.name in unique),
            )
            if holds
        ]
        kind = _NO_TYPE.sub("_", shortened(each.column.type)).strip("_") or "other"
        name = _NO_NAME.sub("_", each.name)
        text = f' "{_plain(each.text)}"' if each.text else ""
        yield f"        {kind} {_begun(name)}{' ' * bool(marks)}{', '.join(marks)}{text}"
    yield "    }"


def _keys(table: DescribedTable) -> Iterator[tuple[str, str]]:
    """Yield the target of each foreign key, and the line that draws it."""
    required = {each.name for each in table.columns if each.column.not_null}
    unique = {each.columns for each in table.table.uniques}
    if table.table.primary_key is not None:
        unique.add(table.table.primary_key.columns)
    for key in table.table.foreign_keys:
        one = "||" if required.issuperset(key.columns) else "|o"
        many = "o|" if key.columns in unique else "o{"
        label = _plain(", ".join(key.columns))
        yield (
            key.target,
            f'    {_quoted(key.target)} {one}--{many} {_quoted(table.name)} : "{label}"',
        )


def _quoted(name: str) -> str:
    return f'"{_plain(name)}"'


def _begun(name: str) -> str:
    """Return ``name``, which may not begin with a digit."""
    return f"_{name}" if name[:1].isdigit() else name


def _plain(text: str) -> str:
    """Return ``text`` in one line, without what ends a string of Mermaid or is markup there."""
    one_line = " ".join(text.replace('"', "'").split())
    return re.sub(r"[\\%;{}<>]", "", one_line)
