"""Indexes written into the code of entities, as a person would write them."""

import ast
from collections.abc import Iterable
from pathlib import Path

from berceau.errors import BerceauError, Location, StatisticsError
from berceau.workflows.advise.code import Code, known_as, width_for, with_import
from berceau.workflows.advise.places import Declaration
from berceau.workflows.shared import files

_BYTE_ORDER_MARK = "\ufeff"


def apply_all(
    declarations: Iterable[Declaration],
) -> tuple[list[Declaration], list[BerceauError]]:
    """Write each of ``declarations`` that can be; return them, and why others can't."""
    written, errors = [], []
    for each in declarations:
        try:
            apply(each)
        except BerceauError as error:
            errors.append(error)
        else:
            written.append(each)
    return written, errors


def apply(declaration: Declaration) -> None:
    """Write ``declaration`` into its file. Raises ``BerceauError``, and changes nothing then."""
    file = declaration.file
    where = Location(file=file, line=declaration.line)
    by_hand = f"Add it there: {declaration.code}"
    try:
        with file.open(encoding="utf-8", newline="") as opened:
            text = opened.read()
    except (OSError, UnicodeDecodeError) as error:
        raise StatisticsError(f"It can't be read: {error}.", where=where, cure=by_hand) from error
    mark = _BYTE_ORDER_MARK if text.startswith(_BYTE_ORDER_MARK) else ""
    try:
        code = Code(text.removeprefix(mark))
        changed = (
            _with_line(code, declaration)
            if declaration.attribute is None
            else _with_option(code, declaration)
        )
    except SyntaxError:
        changed = ""
    if not changed:
        raise StatisticsError(
            f"{declaration.entity} isn't written in a way that Berceau can add an index to.",
            where=where,
            cure=by_hand,
        )
    files.write(file.resolve(), f"{mark}{changed}")  # a link stays one


def _body(tree: ast.Module, entity: str) -> list[ast.stmt]:
    """Return the statements of the class ``entity``."""
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    found = next((node for node in nodes if node.name == entity), None)
    return found.body if found else []


def _attributes(tree: ast.Module, entity: str) -> list[ast.Assign | ast.AnnAssign]:
    """Return what the body of the class ``entity`` assigns, in order."""
    body = _body(tree, entity)
    return [node for node in body if isinstance(node, ast.Assign | ast.AnnAssign)]


def _with_option(code: Code, declaration: Declaration) -> str:
    """Return the text with the option in the call that declares the attribute; else ``""``.

    Raises ``SyntaxError``.
    """
    call = _call(code.tree, declaration)
    if call is None:
        return ""
    changed = _with_keyword(code, call, declaration.code)
    now = _call(ast.parse(changed), declaration)
    names = {each.arg for each in now.keywords} if now else set()
    return changed if declaration.code.partition("=")[0] in names else ""


def _call(tree: ast.Module, declaration: Declaration) -> ast.Call | None:
    """Return the call that declares the attribute."""
    for node in _attributes(tree, declaration.entity):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        if declaration.attribute in names and isinstance(node.value, ast.Call):
            return node.value
    return None


def _with_keyword(code: Code, call: ast.Call, option: str) -> str:
    """Return the text with ``option``, such as ``index=True``, among the arguments of ``call``."""
    text = code.text
    name = option.partition("=")[0]
    given = next((each for each in call.keywords if each.arg == name), None)
    if given is not None:
        return f"{text[: code.start(given)]}{option}{text[code.end(given) :]}"
    arguments: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
    last = max(map(code.end, arguments), default=None)
    if last is None:
        last = code.end(call) - 1  # before the parenthesis
        return f"{text[:last]}{option}{text[last:]}"
    return f"{text[:last]}, {option}{text[last:]}"


def _with_line(code: Code, declaration: Declaration) -> str:
    """Return the text with the line below the attributes of the class; else ``""``.

    Raises ``SyntaxError``.
    """
    name, _, arguments = declaration.code.partition("(")
    known = known_as(code.tree, name)
    if not known:
        known = name
        code = Code(with_import(code, name, width_for(declaration.file)))
    attributes = _attributes(code.tree, declaration.entity)
    if not attributes:
        return ""
    last = attributes[-1]
    line = f"{known}({arguments}"
    changed = code.with_line(last.end_lineno or 0, f"{code.indentation(last.lineno)}{line}")
    return changed if _has_only(changed, declaration.entity, line, code.tree) else ""


def _has_only(text: str, entity: str, line: str, before: ast.Module) -> bool:
    """Return whether ``text`` is ``before`` with ``line`` below the attributes, and no more."""
    tree = ast.parse(text)
    body = _body(tree, entity)
    new = ast.dump(ast.parse(line).body[0])
    at = next((i for i, each in reversed(list(enumerate(body))) if ast.dump(each) == new), None)
    if at is None or any(isinstance(each, ast.Assign | ast.AnnAssign) for each in body[at:]):
        return False
    del body[at]
    return ast.dump(tree) == ast.dump(before)


def relative(file: Path, root: Path) -> str:
    """Return ``file`` as people want it: from the project's folder."""
    return str(file.relative_to(root)) if file.is_relative_to(root) else str(file)
