"""SQL text as tokens with their places, and what its literals and identifiers say."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from berceau.migration.splitter import tokens

_ESCAPE = re.compile(
    r"\\([0-7]{1,3}|x[0-9A-Fa-f]{1,2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", re.DOTALL
)
_LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_UNICODE = re.compile(r"\\(\\|[0-9A-Fa-f]{4}|\+[0-9A-Fa-f]{6})")
LITERALS = ("string", "escaped", "dollar")


@dataclass(frozen=True)
class Word:
    """A token of code at ``start``: its ``kind`` is the splitter's, ``value`` what it says.

    That is a literal's content, or an identifier's name; of all else it is the text, in lower case.
    """

    kind: str
    text: str
    start: int
    value: str

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + len(self.text)

    @property
    def is_name(self) -> bool:
        """Whether it is an identifier, or a word that may be one."""
        return self.kind in ("word", "quoted")

    @property
    def is_literal(self) -> bool:
        """Whether it is a string."""
        return self.kind in LITERALS


END = Word("end", "", -1, "")


def words(text: str) -> list[Word]:
    """Return the tokens of ``text`` without white space and comments.

    Strings that are continued on another line are one. Raises ``MigrationFileError``.
    """
    found: list[Word] = []
    for word, broken in _placed(text):
        last = found[-1] if found else END
        if broken and word.kind == "string" and last.is_literal and last.kind != "dollar":
            whole = text[last.start : word.end]
            found[-1] = Word(last.kind, whole, last.start, last.value + word.value)
        else:
            found.append(word)
    return found


def _placed(text: str) -> Iterator[tuple[Word, bool]]:
    start, between = 0, ""
    for kind, part in tokens(text):
        if kind in ("space", "comment"):
            between += part
        else:
            yield Word(kind, part, start, _value(kind, part)), "\n" in between
            between = ""
        start += len(part)


def _value(kind: str, text: str) -> str:
    if kind == "quoted":
        return identifier(text)
    if kind == "dollar":
        tag = text.index("$", 1) + 1
        return text[tag:-tag]
    if kind not in LITERALS:
        return text.lower()
    inner = text[text.index("'") + 1 : -1].replace("''", "'")
    if kind == "escaped":
        return _ESCAPE.sub(_unescape, inner)
    return _UNICODE.sub(_decode, inner) if text[0] in "uU" else inner


def identifier(text: str) -> str:
    """Return the name that ``text`` means as an identifier."""
    if text[:1] in ("u", "U") and text[1:3] == '&"':
        return _UNICODE.sub(_decode, text[3:-1].replace('""', '"'))
    return text[1:-1].replace('""', '"') if text.startswith('"') else text.lower()


def quote(text: str) -> str:
    """Return ``text`` as a literal."""
    return "'" + text.replace("'", "''") + "'"


def _unescape(found: re.Match[str]) -> str:
    code = found[1]
    if code[0] in "01234567":
        return chr(int(code, 8))
    if code[0] in "xuU" and len(code) > 1:
        return chr(int(code[1:], 16))
    return _LETTERS.get(code, code)


def _decode(found: re.Match[str]) -> str:
    code = found[1]
    return code if code == "\\" else chr(int(code.lstrip("+"), 16))
