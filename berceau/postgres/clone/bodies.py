"""Functions whose bodies and settings name their schema: text that PostgreSQL doesn't look into."""

import re
from collections.abc import Collection

from berceau.errors import MigrationFileError
from berceau.migration.splitter import Token, tokens

_SETTING = re.compile(r"^ SET (search_path|default_text_search_config) TO (.+)$", re.MULTILINE)
_STRING = re.compile(r"'((?:[^']|'')*)'")
_PARTS = re.compile(r'\s*("(?:[^"]|"")+"|[^\s".]+)\s*\.\s*(.+)', re.DOTALL)
_TAKES_A_NAME = re.compile(r"nextval|currval|setval|to_reg\w+|pg_get_serial_sequence")


def redirect(text: str, body: str | None, names: Collection[str], source: str, to: str) -> str:
    """Return a function's definition with the schema called ``to`` where it said ``source``.

    ``body`` is the part of ``text`` that is code in SQL or PL/pgSQL, if it is; ``names`` are
    those of the schema's objects: only with one of them behind it ``source.`` means the schema.
    Other literals and comments stay.
    """
    start = len(text) if body is None else text.rfind(body)
    head, rest = text[:start], text[start:]
    head = _SETTING.sub(lambda found: _setting(found, source, to), head)
    if body is None:
        return head
    return head + _redirect_body(body, source, names, to) + rest[len(body) :]


def _setting(found: re.Match[str], source: str, to: str) -> str:
    def same(quoted: re.Match[str]) -> str:
        value = quoted[1].replace("''", "'")
        if found[1] == "search_path":
            return to if value == source else quoted[0]
        return _quote(_requalify(value, source, None, to))

    return f" SET {found[1]} TO {_STRING.sub(same, found[2])}"


def _redirect_body(body: str, source: str, names: Collection[str], to: str) -> str:
    try:
        parts = list(tokens(body))
    except MigrationFileError:
        return body  # it doesn't run either
    code = [n for n, part in enumerate(parts) if part.kind not in ("space", "comment")]
    texts = [part.text for part in parts]

    def at(place: int) -> Token:
        return parts[code[place]] if 0 <= place < len(code) else Token("end", "")

    path = False
    for place, number in enumerate(code):
        part, before = at(place), at(place - 1)
        if part.text.lower() == "search_path":
            path = True
        elif part.kind == "end":
            path = False
        if part.kind == "string" and _is_name(at(place - 2), before, at(place + 1), at(place + 2)):
            texts[number] = _quote(_requalify(_unquote(part) or "", source, names, to))
        elif _unquote(part) == source and before.text != ".":
            dot, name = at(place + 1), at(place + 2)
            operator = at(place - 2).text.lower() == "operator" and before.text == "("
            if path or (dot.text == "." and (operator or _unquote(name) in names)):
                texts[number] = to
    return "".join(texts)


def _is_name(function: Token, parenthesis: Token, colon: Token, second: Token) -> bool:
    """Say whether a string is the name of an object: ``'a.b'::regclass``, ``nextval('a.b')``."""
    called = parenthesis.text == "(" and _TAKES_A_NAME.fullmatch(function.text.lower())
    return bool(called) or (colon.text == "::" and second.text.lower().startswith("reg"))


def _requalify(name: str, source: str, names: Collection[str] | None, to: str) -> str:
    found = _PARTS.fullmatch(name)
    if found is None or _identifier(found[1]) != source:
        return name
    object_name = _identifier(found[2].partition("(")[0].strip())
    return f"{to}.{found[2]}" if names is None or object_name in names else name


def _unquote(part: Token) -> str | None:
    if part.kind == "string":
        return part.text[1:-1].replace("''", "'") if part.text.startswith("'") else None
    return _identifier(part.text) if part.kind in ("word", "quoted") else None


def _identifier(text: str) -> str:
    return text[1:-1].replace('""', '"') if text.startswith('"') else text.lower()


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
