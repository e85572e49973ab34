"""A description as Markdown: pages for a repository or a wiki, with diagrams of Mermaid."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from berceau.workflows.describe.description import (
    DescribedColumn,
    DescribedComponent,
    DescribedEnum,
    DescribedTable,
    Description,
    Relation,
)
from berceau.workflows.document import mermaid
from berceau.workflows.document.marks import HTML

OTHERS = "others"
"""The page of what no component declares."""


def files(description: Description, apis: Collection[str] = ()) -> Mapping[str, str]:
    """Return the pages: an index, which links to ``apis``, and one for each component."""
    pages = {"index.md": _index(description, apis)}
    for each in description.components:
        pages[f"components/{each.name}.md"] = _page(description, each.name, each)
    if description.has_others:
        pages[f"{OTHERS}.md"] = _page(description, None, None)
    return pages


def _index(description: Description, apis: Collection[str]) -> str:
    lines = [HTML, "", "# The schema", ""]
    if description.head:
        lines += [f"Its newest migration is `{description.head}`.", ""]
    rows = [
        (
            f"[{_cell(each.name)}](components/{each.name}.md)",
            _cell(each.text.partition("\n")[0]),
            str(len(list(description.tables_of(each.name)))),
            ", ".join(f"[{name}](components/{name}.md)" for name in each.needs),
        )
        for each in description.components
    ]
    lines += _rows(("Component", "What it is", "Tables", "Needs"), rows)
    if description.has_others:
        lines += ["", f"[What no component declares]({OTHERS}.md)"]
    if apis:
        links = ", ".join(f"[{_cell(name)}]({name})" for name in apis)
        lines += ["", f"The HTTP APIs, as OpenAPI: {links}"]
    lines += ["", "## Tables", ""]
    lines += _rows(
        ("Table", "Component", "What it holds"),
        [
            (
                f"[{_cell(each.name)}]({_link(each, '')})",
                _cell(each.component or ""),
                _cell(each.text.partition("\n")[0] or _pairs(each)),
            )
            for each in description.tables
        ],
    )
    return _joined(lines)


def _page(description: Description, name: str | None, component: DescribedComponent | None) -> str:
    tables, enums = tuple(description.tables_of(name)), tuple(description.enums_of(name))
    lines = [HTML, "", f"# {_cell(name or 'What no component declares')}", ""]
    if component is not None and component.text:
        lines += [_prose(component.text), ""]
    if component is not None and component.whose:
        lines += [component.whose, ""]
    if tables:
        lines += ["```mermaid", mermaid.diagram(description, tables).rstrip(), "```", ""]
    base = "../" if name else ""
    for table in tables:
        lines += _table(table, description, base)
    if enums:
        lines += ["## Enums", ""]
        for enum in enums:
            lines += _enum(enum, description, base)
    return _joined(lines)


def _table(table: DescribedTable, description: Description, base: str) -> Iterator[str]:
    yield f'<a id="{_anchor(table.name)}"></a>'
    yield from ("", f"## {_cell(table.name)}", "")
    for entity in table.entities:
        derived = f", a kind of `{', '.join(entity.bases)}`" if entity.bases else ""
        yield from (f"Entity `{entity.name}`{derived} in `{entity.source.file}`.", "")
        if entity.text:
            yield from (_prose(entity.text), "")
    if table.is_link:
        yield from (f"{_pairs(table)}.", "")
    if table.place:
        yield from (f"With Citus: {_cell(table.place)}.", "")
    yield from _rows(
        ("Column", "Type", "In Python", "Default", "What it holds", "Since"),
        [_column(each, description, base) for each in table.columns],
    )
    relations = [each for entity in table.entities for each in entity.relations]
    if relations:
        yield from ("", "Relations:", "")
        yield from (f"- {_relation(each, description, base)}" for each in relations)
    indexes = [each.index for each in table.indexes if not each.constraint]
    uniques = [f"`{each.name}`: unique ({', '.join(each.columns)})" for each in table.table.uniques]
    uniques += (
        f"`{each.name}`: {each.method} ({', '.join(each.keys)})"
        + (f" where {each.where}" if each.where else "")
        for each in indexes
    )
    if uniques:
        yield from ("", "Indexes:", "")
        yield from (f"- {_cell(each)}" for each in uniques)
    yield ""


def _column(each: DescribedColumn, description: Description, base: str) -> tuple[str, ...]:
    kind = f"`{_code(each.column.type)}`"
    if each.refers_to is not None:
        target = description.table(each.refers_to[0])
        if target is not None:
            kind += f" → [{_cell(target.name)}]({_link(target, base)})"
    name = f"**{_cell(each.name)}**" if each.is_key else _cell(each.name)
    optional = "" if each.column.not_null else ", may be empty"
    default = each.python_default or each.column.default
    if each.column.identity:
        default = "numbered"
    return (
        name,
        kind + optional,
        f"`{each.attribute}`: `{each.python}`" if each.attribute else "",
        f"`{_code(default)}`" if default else "",
        _cell(each.text),
        _cell(each.migration or ""),
    )


def _relation(relation: Relation, description: Description, base: str) -> str:
    target = description.table(relation.target_table)
    there = f"[{relation.target}]({_link(target, base)})" if target else relation.target
    name = f"`{relation.entity}.{relation.name}`" if relation.name else "(without a name)"
    reverse = f", which has `{relation.reverse}`" if relation.reverse else ""
    deletes = {"CASCADE": "; is deleted with it", "SET NULL": "; is emptied when that is deleted"}
    text = f": {_cell(relation.text)}" if relation.text else ""
    return (
        f"{name}, {relation.kind} {there}{reverse}{deletes.get(relation.on_delete or '', '')}{text}"
    )


def _enum(enum: DescribedEnum, description: Description, base: str) -> Iterator[str]:
    yield from (f"### {_cell(enum.name)}", "")
    if enum.python and enum.source:
        yield from (f"Class `{enum.python}` in `{enum.source.file}`.", "")
    if enum.text:
        yield from (_prose(enum.text), "")
    yield from _rows(
        ("Value", "In Python", "What it means"),
        [
            (f"`{_code(each.label)}`", f"`{each.member}`" if each.member else "", _cell(each.text))
            for each in enum.labels
        ],
    )
    used = [
        f"[{_cell(name)}]({_link(table, base)}).{_cell(column)}"
        for name, column in enum.used_by
        if (table := description.table(name))
    ]
    if used:
        yield from ("", f"Used by {', '.join(used)}.")
    yield ""


def _pairs(table: DescribedTable) -> str:
    return f"The pairs of {' and '.join(table.links)}" if table.is_link else ""


def _link(table: DescribedTable, base: str) -> str:
    page = f"components/{table.component}.md" if table.component else f"{OTHERS}.md"
    return f"{base}{page}#{_anchor(table.name)}"


def _anchor(name: str) -> str:
    return "table-" + re.sub(r"[^\w-]", lambda found: f".{ord(found[0]):x}", name)


def _rows(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield a table, without the columns that are empty in all ``rows``."""
    rows = list(rows)
    kept = [at for at in range(len(head)) if at == 0 or any(row[at] for row in rows)]
    yield f"| {' | '.join(head[at] for at in kept)} |"
    yield f"|{'---|' * len(kept)}"
    for row in rows:
        yield f"| {' | '.join(row[at] for at in kept)} |"


def _prose(text: str) -> str:
    """Return a docstring as Markdown: its paragraphs, its code, and nothing that is HTML."""
    return text.replace("``", "`").replace("&", "&amp;").replace("<", "&lt;").strip()


def _cell(text: str) -> str:
    plain = _prose(text).replace("|", "\\|")
    return "<br>".join(part.strip() for part in plain.splitlines() if part.strip())


def _code(text: str) -> str:
    return " ".join(text.replace("`", "'").replace("|", "\\|").split())


def _joined(lines: Iterable[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"
