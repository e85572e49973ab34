"""SQL text into statements, where psql would end them (PostgreSQL's psqlscan.l)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

from berceau.errors import Location, MigrationFileError

# A letter, an underscore or anything beyond ASCII; then digits, too. By what they aren't, since
# Python takes 7 ms to compile a range of a million characters.
_FIRST = r"[^\x00-@\[-^`{-\x7f]"
_NAME = rf"{_FIRST}[^\x00-#%-/:-@\[-^`{{-\x7f]*"
_TAG = rf"(?:{_FIRST}[^\x00-/:-@\[-^`{{-\x7f]*)?"
_ESCAPED = r"(?:[^'\\]|''|\\.)*+"
# What may stand between two parts of one string: white space or comments, with a line's end.
_CONTINUED = r"[ \t\f\v]*+(?:--[^\r\n]*+)?[\r\n](?:[ \t\f\v\r\n]++|--[^\r\n]*+[\r\n])*+"
_TOKEN = rf"""
      (?P<space>[ \t\n\r\f\v\ufeff]+|--[^\r\n]*)
    | (?P<comment>/\*)
    | (?P<escaped>[eE]'{_ESCAPED}'(?:{_CONTINUED}'{_ESCAPED}')*)
    | (?P<string>(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*+')
    | (?P<quoted>(?:[uU]&)?"(?:[^"]|"")*+")
    | (?P<dollar>\$(?P<tag>{_TAG})\$.*?\$(?P=tag)\$)
    | (?P<unclosed>(?:[eEbBxXnN]|[uU]&)?'|(?:[uU]&)?"|\${_TAG}\$)
    | (?P<word>{_NAME})
    | (?P<number>[0-9][0-9.]*(?:{_NAME})?)
    | (?P<open>[(])
    | (?P<close>[)])
    | (?P<end>;)
    | (?P<meta>\\)
    | (?P<cast>::)
    | (?P<other>.)
    """
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_END_OF_DATA = re.compile(r"^\\\.\r?$", re.MULTILINE)
_REST_OF_LINE = re.compile(r"[ \t\f\v\r]*(?:--[^\n]*)?\n")
_ROUTINE = re.compile(r"create (or replace )?(function|procedure)\b")

HEAD = 24
"""How many tokens of a statement are kept at most."""

NAME = r'(?:"(?:[^"]|"")+"|[^\s".(),;]+)'
"""A name among the words of a ``ParsedStatement``, as a regular expression without groups."""


@dataclass(frozen=True)
class ParsedStatement:
    """One statement of a file, without its semicolon; ``line`` is where it begins, from 1.

    ``head`` holds its first tokens: unquoted words in lower case, all others as they stand.
    ``data`` holds the rows below a ``COPY ... FROM STDIN``.
    """

    text: str
    line: int
    head: tuple[str, ...]
    data: str | None = None


class Token(NamedTuple):
    """A piece of SQL that no reader takes apart; ``kind`` is a group of the pattern's."""

    kind: str
    text: str


def tokens(text: str) -> Iterator[Token]:
    """Yield what ``text`` consists of, white space and comments included.

    A line comment counts as white space. Raises ``MigrationFileError`` with the line of a quote
    or comment that never ends.
    """
    position = 0
    while match := _token().match(text, position):
        kind, start = str(match.lastgroup), position
        if kind == "unclosed":
            raise _unreadable(text, start, kind)
        position = _end_of_comment(text, start) if kind == "comment" else match.end()
        yield Token(kind, text[start:position])


@lru_cache(maxsize=256)
def split(text: str) -> tuple[ParsedStatement, ...]:
    """Return the statements of ``text``, in order.

    Raises ``MigrationFileError`` with the line of a psql meta-command, or of a quote, comment or
    ``COPY`` block that never ends.
    """
    return tuple(_statements(text))


@cache
def _token() -> re.Pattern[str]:
    """Compile at the first use: it takes longer than all other patterns together."""
    return re.compile(_TOKEN, re.VERBOSE | re.DOTALL)


def _statements(text: str) -> Iterator[ParsedStatement]:
    position, line, counted = 0, 1, 0
    while position < len(text):
        found = _Statement(text, position)
        position = found.position
        if found.start is None:
            continue
        line += text.count("\n", counted, found.start)
        counted = found.start
        data = None
        if found.copies:
            data, position = _copy_data(text, position)
        yield ParsedStatement(text[found.start : found.stop], line, tuple(found.head), data)


class _Statement:
    """Reads one statement from ``position``: where it starts and stops, and its first tokens."""

    def __init__(self, text: str, position: int) -> None:
        self.text = text
        self.position = position
        self.start: int | None = None
        self.stop = position
        self.head: list[str] = []
        self.words: list[str] = []
        self.last = ""
        self.copies = False
        self.parentheses = 0
        self.blocks = 0
        while self.position < len(text) and not self._advance():
            pass

    def _advance(self) -> bool:
        """Read one token; return whether it ended the statement."""
        match = _token().match(self.text, self.position)
        kind, found = (match.lastgroup, match[0]) if match else (None, "")
        if kind in ("unclosed", "meta"):
            raise _unreadable(self.text, self.position, kind)
        if kind == "comment":
            self.position = _end_of_comment(self.text, self.position)
            return False
        self.position += len(found)
        if kind == "space":
            return False
        if kind == "end" and self.parentheses == 0 and self.blocks == 0:
            return True
        if self.start is None:
            self.start = self.position - len(found)
        self.stop = self.position
        found = found.lower() if kind == "word" else found
        if len(self.head) < HEAD:
            self.head.append(found)
        self._count(kind, found)
        self.last = found
        return False

    def _count(self, kind: str | None, word: str) -> None:
        if kind == "open":
            self.parentheses += 1
        elif kind == "close":
            self.parentheses = max(0, self.parentheses - 1)
        elif kind == "word":
            if len(self.words) < 4:
                self.words.append(word)
            if self.parentheses == 0:
                self._count_block(word)
                if self.last == "from" and word == "stdin" and self.words[0] == "copy":
                    self.copies = True

    def _count_block(self, word: str) -> None:
        """Follow BEGIN ATOMIC ... END, whose statements end in semicolons of their own."""
        if word not in ("begin", "case", "end") or not _ROUTINE.match(" ".join(self.words)):
            return
        if word == "begin" or (word == "case" and self.blocks):
            self.blocks += 1
        elif word == "end":
            self.blocks = max(0, self.blocks - 1)


def _end_of_comment(text: str, start: int) -> int:
    depth = 0
    for edge in _COMMENT_EDGE.finditer(text, start):
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            return edge.end()
    raise _unreadable(text, start, "unclosed")


def _copy_data(text: str, position: int) -> tuple[str, int]:
    rest = _REST_OF_LINE.match(text, position)
    end = _END_OF_DATA.search(text, rest.end()) if rest else None
    if rest is None or end is None:
        raise _unreadable(text, position - 1, "copy")
    return text[rest.end() : end.start()], end.end()


_UNREADABLE = {
    "meta": (
        "A psql meta-command can't be run here: only SQL can.",
        "Remove the line that has a backslash.",
    ),
    "unclosed": ("A quote or a comment begins here and never ends.", "Close it."),
    "copy": (
        "The rows of this COPY don't begin on the next line, or never end.",
        r"Put nothing after it on its line, and a line with only \. after the last row.",
    ),
}


def _unreadable(text: str, position: int, kind: str | None) -> MigrationFileError:
    message, cure = _UNREADABLE[str(kind)]
    line = text.count("\n", 0, position) + 1
    return MigrationFileError(message, where=Location(line=line), cure=cure)
