"""Python code as text to change: where its nodes are, and the names that it imports from Pony."""

import ast
import re
import tomllib
from contextlib import suppress
from pathlib import Path

PONY = "pony.orm"
WIDTH = 88
"""The longest line, unless the project says otherwise: that of ruff."""
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
_CONFIGURATIONS = (".ruff.toml", "ruff.toml", "pyproject.toml")


class Code:
    """The ``text`` of a module, and its ``tree``. Raises ``SyntaxError``.

    Lines are those of Python: a form feed, for example, ends none.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.tree = ast.parse(text)
        self._lines: list[str] = _LINE.findall(text)

    @property
    def newline(self) -> str:
        """What the first line ends in."""
        first = self._lines[0] if self._lines else ""
        return first[len(first.rstrip("\r\n")) :] or "\n"

    def line(self, number: int) -> str:
        """Return the line of this ``number``, from 1, with its end."""
        return self._lines[number - 1]

    def start(self, node: ast.expr | ast.stmt | ast.keyword | ast.alias) -> int:
        """Return where ``node`` begins in the text."""
        return self._offset(node.lineno, node.col_offset)

    def end(self, node: ast.expr | ast.stmt | ast.keyword | ast.alias) -> int:
        """Return where ``node`` ends in the text."""
        return self._offset(node.end_lineno or 0, node.end_col_offset or 0)

    def with_line(self, number: int, line: str) -> str:
        """Return the text with ``line``, which has no end, below the line of this ``number``."""
        at = self._offset(number + 1, 0)
        end = "" if at == 0 or self.text[at - 1] in "\r\n" else self.newline
        return f"{self.text[:at]}{end}{line}{self.newline}{self.text[at:]}"

    def indentation(self, number: int) -> str:
        """Return the spaces that the line of this ``number`` begins with."""
        line = self.line(number)
        return line[: len(line) - len(line.lstrip(" \t\f"))]

    def _offset(self, line: int, column: int) -> int:
        """Return where ``line`` begins, from 1, and ``column`` of UTF-8 bytes in it."""
        before = sum(map(len, self._lines[: line - 1]))
        return before + (len(self.line(line).encode()[:column].decode()) if column else 0)


def known_as(tree: ast.Module, name: str) -> str:
    """Return how the module writes Pony's ``name``; ``""`` if it imports nothing with it."""
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module in (PONY, f"{PONY}.core"):
            for alias in node.names:
                if alias.name in (name, "*"):
                    return alias.asname or name
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            package = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            for alias in node.names:
                if f"{package}{alias.name}" == PONY:
                    return f"{alias.asname or alias.name}.{name}"
    return ""


def with_import(code: Code, name: str, width: int) -> str:
    """Return the text with ``name`` imported beside what is imported from Pony; else ``""``.

    The names stay sorted as ruff sorts them, in lines of up to ``width`` characters.
    """
    found = [
        node
        for node in code.tree.body
        if isinstance(node, ast.ImportFrom) and node.module == PONY and not node.level
    ]
    # ruff has names with `as` in statements of their own.
    node = next((each for each in found if not any(name.asname for name in each.names)), None)
    if node is not None:
        changed = _with_name(code, node, name, width)
    elif found:
        statement = f"from {PONY} import {name}"
        before = [each for each in found if _order(each.names[0].name) < _order(name)]
        at = (before[-1].end_lineno or 0) if before else found[0].lineno - 1
        changed = code.with_line(at, statement)
    else:
        return ""
    return changed if _imports(changed, name, code.tree) else ""


def _with_name(code: Code, node: ast.ImportFrom, name: str, width: int) -> str:
    names = node.names
    at = sum(_order(each.name) < _order(name) for each in names)
    lines = [each.lineno for each in names]
    if len({node.lineno, *lines}) == len(lines) + 1:  # each has a line
        indentation = code.indentation(lines[0])
        if at == 0:
            return code.with_line(lines[0] - 1, f"{indentation}{name},")
        end = code.end(names[at - 1])
        text = code.text
        if not text[end:].lstrip().startswith(","):
            code = Code(f"{text[:end]},{text[end:]}")
        return code.with_line(lines[at - 1], f"{indentation}{name},")
    if at < len(names):
        start = code.start(names[at])
        changed = f"{code.text[:start]}{name}, {code.text[start:]}"
    else:
        end = code.end(names[-1])
        changed = f"{code.text[:end]}, {name}{code.text[end:]}"
    if node.lineno == node.end_lineno and len(code.line(node.lineno).rstrip()) + len(name) + 2 > (
        width
    ):
        every = [*(each.name for each in names[:at]), name, *(each.name for each in names[at:])]
        parts = (f"from {PONY} import (", *(f"    {each}," for each in every), ")")
        statement = code.newline.join(parts)
        changed = f"{code.text[: code.start(node)]}{statement}{code.text[code.end(node) :]}"
    return changed


def _order(name: str) -> tuple[int, str, str]:
    """Return what ruff sorts names by: constants, classes, and all else."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, name.lower(), name


def _imports(text: str, name: str, before: ast.Module) -> bool:
    """Return whether ``text`` is what was ``before``, and imports ``name`` from Pony."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return False
    if known_as(tree, name) != name:
        return False
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == PONY:
            node.names = [each for each in node.names if each.name != name]
    tree.body = [each for each in tree.body if not isinstance(each, ast.ImportFrom) or each.names]
    return ast.dump(tree) == ast.dump(before)


def width_for(file: Path) -> int:
    """Return how long a line of ``file`` may be by the project's settings for ruff."""
    for folder in file.parents:
        for each in _CONFIGURATIONS:
            with suppress(OSError, ValueError, AttributeError):
                found = tomllib.loads((folder / each).read_text(encoding="utf-8"))
                if each == "pyproject.toml":
                    found = found["tool"]["ruff"] if "ruff" in found.get("tool", {}) else {}
                width = found.get("line-length")
                if isinstance(width, int):
                    return width
    return WIDTH
