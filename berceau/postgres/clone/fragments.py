"""PL/pgSQL as fragments of SQL, each with what becomes of its values."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from berceau.postgres.clone.literals import END, Word
from berceau.postgres.clone.references import Use

_OPENS = ("begin", "then", "else", "loop", "declare", "exception")
_CONDITION = ("if", "elsif", "elseif", "while", "assert", "when", "perform")
_NO_CODE = ("raise", "get", "null", "end", "close", "commit", "rollback")


@dataclass(frozen=True)
class Fragment:
    """Some of the words: after ``prefix`` they are SQL. ``root`` is what becomes of its values."""

    words: Sequence[Word]
    prefix: str
    root: Use

    def sql(self, text: str) -> str:
        """Return the fragment of ``text`` as SQL; what a parser can't read is blank."""
        start, end = self.words[0].start, self.words[-1].end
        found = text[start:end]
        for first, last in _into(self.words):
            blank = " " * (last - first)
            found = found[: first - start] + blank + found[last - start :]
        return self.prefix + found

    @property
    def offset(self) -> int:
        """What to add to a place in ``sql`` for that in the text."""
        return self.words[0].start - len(self.prefix)


def fragments(words: Sequence[Word]) -> Iterator[Fragment]:
    """Yield the fragments of a body's ``words``."""
    for piece, declares in _pieces(words):
        yield from (each for each in _fragments(piece, declares) if each.words)


def _pieces(words: Sequence[Word]) -> Iterator[tuple[Sequence[Word], bool]]:
    """Yield statements, and parts of those that hold others; say which are declarations."""
    piece: list[Word] = []
    depth = cases = 0
    declares = False
    for word in words:
        depth += {"open": 1, "close": -1}.get(word.kind, 0)
        is_key = word.kind == "word" and depth == 0
        if is_key and word.value == "case" and piece:
            cases += 1
        elif is_key and word.value == "end" and cases:
            cases -= 1
        elif word.kind == "end" or (is_key and not cases and _opens(word, piece)):
            yield piece, declares
            piece, depth = [], 0
            if word.value in ("declare", "begin"):
                declares = word.value == "declare"
            continue
        piece.append(word)
    yield piece, declares


def _opens(word: Word, piece: Sequence[Word]) -> bool:
    return word.value in _OPENS and not (word.value == "exception" and piece)


def _fragments(piece: Sequence[Word], declares: bool) -> Iterator[Fragment]:
    while len(piece) > 2 and [each.text for each in piece[:2]] == ["<", "<"]:  # a label
        piece = piece[5:]
    if not piece:
        return
    head, rest = piece[0].value, piece[1:]
    if declares or _assigns(piece):
        place = _first(piece, (":=", "=", "default"))
        is_field = not declares and any(each.text == "." for each in piece[:place])
        yield Fragment(piece[place + 1 :], "SELECT ", Use.DATA if is_field else Use.KEPT)
    elif head in _CONDITION:
        yield Fragment(rest, "SELECT ", Use.DATA)
    elif head in ("exit", "continue"):
        yield Fragment(piece[_first(piece, ("when",)) + 1 :], "SELECT ", Use.DATA)
    elif head == "execute":
        yield from _executed(rest)
    elif head == "return":
        yield from _returned(rest)
    elif head in ("for", "foreach", "open"):
        yield from _looped(piece, "for" if head == "open" else "in")
    elif head not in _NO_CODE:
        is_kept = any(True for _ in _into(piece))
        yield Fragment(piece, "", Use.KEPT if is_kept else Use.DATA)


def _returned(rest: Sequence[Word]) -> Iterator[Fragment]:
    second = rest[1].value if len(rest) > 1 else ""
    if rest and rest[0].value == "query":
        if second == "execute":
            yield from _executed(rest[2:])
        else:
            yield Fragment(rest[1:], "", Use.OPEN)
    else:
        yield Fragment(rest[1:] if rest and rest[0].value == "next" else rest, "SELECT ", Use.OPEN)


def _looped(piece: Sequence[Word], key: str) -> Iterator[Fragment]:
    rest = piece[_first(piece, (key,)) + 1 :]
    head = rest[0].value if rest else ""
    if head == "execute":
        yield from _executed(rest[1:])
    elif head in ("select", "with", "values", "table"):
        yield Fragment(rest, "", Use.KEPT)
    else:
        yield Fragment(rest[1:] if head in ("array", "reverse") else rest, "SELECT ", Use.KEPT)


def _executed(rest: Sequence[Word]) -> Iterator[Fragment]:
    """Yield the text that is executed, and its parameters, which are no part of it."""
    end = min(_first(rest, ("into",), len(rest)), _first(rest, ("using",), len(rest)))
    yield Fragment(rest[:end], "SELECT ", Use.OPEN)
    yield Fragment(rest[_first(rest, ("using",), len(rest)) + 1 :], "SELECT ", Use.DATA)


def _assigns(piece: Sequence[Word]) -> bool:
    """Return whether it begins with names and then, maybe after brackets, a sign of assignment."""
    if piece[0].kind not in ("word", "quoted") or len(piece) < 3:
        return False
    if piece[1].text == "[" or (piece[1].text == "." and piece[2].is_name):
        place = _first(piece, (":=", "="))
        return all(each.value not in ("select", "from", "into") for each in piece[:place])
    return piece[1].text in (":=", "=", ":") and piece[0].value not in ("if", "when", "return")


def _first(piece: Sequence[Word], values: tuple[str, ...], missing: int = -1) -> int:
    """Return the place of the first of ``values`` outside of parentheses."""
    depth = 0
    for place, word in enumerate(piece):
        depth += {"open": 1, "close": -1}.get(word.kind, 0)
        both = word.text + (piece[place + 1].text if place + 1 < len(piece) else "")
        if depth == 0 and word.kind != "string":
            if word.value in values:
                return place
            if both == ":=" and ":=" in values:
                return place + 1
    return missing


def _into(words: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """Yield where variables are named that a statement writes to: INTO and a list of names."""
    for place, word in enumerate(words):
        before = words[place - 1] if place else END
        if word.kind != "word" or word.value != "into" or before.value in ("insert", "merge"):
            continue
        last = place
        for number in range(place + 1, len(words)):
            each = words[number]
            if each.text not in (".", ",") and not each.is_name:
                break
            if (
                each.is_name
                and words[number - 1].is_name
                and words[number - 1].value
                not in (
                    "into",
                    "strict",
                )
            ):
                break
            last = number
        yield word.start, words[last].end
