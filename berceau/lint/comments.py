"""What an author wrote beside the attributes of classes: comments, and texts below them."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from inspect import cleandoc

_FOR_TOOLS = re.compile(
    r"#\s*(noqa|type:|pyright:|mypy:|berceau:|pragma|fmt:|isort:|ruff:|pylint:|nosec).*"
)
_MARK = re.compile(r"^#:?\s?")


def comments(source: bytes) -> dict[str, str]:
    """Return what describes each attribute of each class in ``source``, by ``Post.title``.

    That is a string below its assignment, or else a comment at the end of its line, or else the
    comment lines above it. Comments for tools, such as ``# noqa``, describe nothing. A file that
    doesn't parse has none.
    """
    try:
        tree = ast.parse(source)
        by_line, alone = _comments(source)
    except (SyntaxError, ValueError, tokenize.TokenError):
        return {}
    found = {}
    for declared in ast.walk(tree):
        if not isinstance(declared, ast.ClassDef):
            continue
        for statement, after in zip(declared.body, [*declared.body[1:], None], strict=True):
            for name in _assigned(statement):
                first, last = statement.lineno, statement.end_lineno or statement.lineno
                text = _string(after) or by_line.get(last) or by_line.get(first)
                if text := text or _above(first, by_line, alone):
                    found[f"{declared.name}.{name}"] = text
    return found


def _comments(source: bytes) -> tuple[dict[int, str], set[int]]:
    """Return the comments by line, and the lines that have nothing else."""
    by_line, alone = {}, set()
    for token in tokenize.tokenize(io.BytesIO(source).readline):
        if token.type == tokenize.COMMENT:
            text = _MARK.sub("", _FOR_TOOLS.sub("", token.string)).strip()
            if text:
                by_line[token.start[0]] = text
            if not token.line[: token.start[1]].strip():
                alone.add(token.start[0])
    return by_line, alone


def _assigned(statement: ast.stmt) -> Iterator[str]:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            yield name


def _string(statement: ast.stmt | None) -> str:
    match statement:
        case ast.Expr(value=ast.Constant(value=str(text))):
            return cleandoc(text)
    return ""


def _above(line: int, by_line: dict[int, str], alone: set[int]) -> str:
    lines: list[str] = []
    while (line := line - 1) in alone:
        if line in by_line:
            lines.insert(0, by_line[line])
    return "\n".join(lines)
