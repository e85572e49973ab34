"""Guesses at what a query without its values doesn't tell: of which types its parameters are.

``sum(CASE WHEN done THEN $1 ELSE $2 END)`` had two numbers, and PostgreSQL takes the parameters for
texts, which have no sum. ``GROUP BY date_trunc($2, at)`` had the value of ``date_trunc($1, at)``.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from berceau.planner.shapes import has_parameters

Plan = TypeVar("Plan")

TYPES = ("int", "text", "interval", "timestamptz", "numeric")
"""What a parameter may be, the most frequent first."""
MOST_ATTEMPTS = 60
_FALLBACKS = 8
_TYPE_STATES = ("42883", "42725", "42804", "42846", "42P08", "42P18")
"""No such function or operator, several of them, and types that don't go together."""
_GROUPING_STATES = ("42803", "42P10")
"""What isn't grouped by, and what isn't the same in ORDER BY and DISTINCT."""
_TOKEN = re.compile(r'"(?:[^"]|"")*"|\$\d+(?:\s*::)?|\w+|[()\[\],]|[^\w\s()\[\],"$]+')
_PARAMETER = re.compile(r"\$\d+")
_OPENING = ("(", "[", "case")
_CLOSING = (")", "]", "end")
_ENDS = frozenset(
    "and or on when then else from where group order having limit offset fetch union intersect "
    "except returning window as is between in like ilike not for select".split()
)
"""An operand ends before these."""
_RESULT = re.compile(r"\b(?:THEN|ELSE)\s+\Z", re.IGNORECASE)
_LIST = re.compile(r"\b(?:GROUP|ORDER) BY ", re.IGNORECASE)
_DIRECTION = re.compile(r"(?: (?:ASC|DESC))?(?: NULLS (?:FIRST|LAST))?\Z", re.IGNORECASE)


@dataclass(frozen=True)
class Refusal:
    """Why PostgreSQL makes no plan: its ``sqlstate``, and where in the text, from 0, if it says."""

    sqlstate: str
    position: int | None
    reason: str


def with_guesses(text: str, plan: Callable[[str], Plan | Refusal]) -> tuple[str, Plan | Refusal]:
    """Return what ``plan`` makes of ``text`` with what has to be guessed, and that text.

    They are ``text`` and its refusal where no guess helps.
    """
    first = plan(text)
    seen = {text}
    refused = [(text, first)] if isinstance(first, Refusal) and has_parameters(text) else []
    while refused:
        before, refusal = refused[-1]
        guess = next((each for each in _guesses(before, refusal) if each not in seen), None)
        if guess is None:
            refused.pop()
            continue
        if len(seen) > MOST_ATTEMPTS:
            break
        seen.add(guess)
        found = plan(guess)
        if not isinstance(found, Refusal):
            return guess, found
        if _place(guess, found) != _place(before, refusal):
            # What was wrong there isn't any more: something else is.
            refused.append((guess, found))
    return text, first


def _place(text: str, refusal: Refusal) -> object:
    """Return where the mistake is, from the end: casts before it don't change that."""
    from_end = None if refusal.position is None else len(text) - refusal.position
    return refusal.sqlstate in _TYPE_STATES, from_end


def _guesses(text: str, refusal: Refusal) -> Iterator[str]:
    """Yield what may have been meant, the most likely first."""
    if refusal.sqlstate in _GROUPING_STATES:
        yield _with_same_values(text)
    if refusal.sqlstate not in _TYPE_STATES:
        return
    near = () if refusal.position is None else tuple(_near(text, refusal.position))
    results = tuple(at for at in near if _RESULT.search(text, 0, at))
    for places in filter(None, (results, near)):
        yield from (_cast(text, places, name) for name in TYPES)
    untyped = [at for at, token in _tokens(text) if _PARAMETER.fullmatch(token)]
    yield from (_cast(text, (at,), "int") for at in untyped[:_FALLBACKS])


def _tokens(text: str) -> Iterator[tuple[int, str]]:
    return ((match.start(), match[0]) for match in _TOKEN.finditer(text))


def _cast(text: str, places: Iterable[int], name: str) -> str:
    """Return ``text`` with the parameters at ``places`` cast to the type ``name``."""
    for at in sorted(places, reverse=True):
        match = _PARAMETER.match(text, at)
        end = match.end() if match else at
        text = f"{text[:end]}::{name}{text[end:]}"
    return text


def _near(text: str, position: int) -> Iterator[int]:
    """Yield the places of the parameters, without a cast, of the call or the operator there."""
    tokens = tuple(_tokens(text))
    first = next((i for i, (at, _) in enumerate(tokens) if at >= position), len(tokens))
    behind = tokens[first:]
    if behind and not behind[0][1][0].isalnum() and behind[0][1][0] not in '"$':
        right = tuple(_operand(behind[1:], _OPENING, _CLOSING))
        yield from right or _operand(reversed(tokens[:first]), _CLOSING, _OPENING)
        return
    yield from _operand(behind, _OPENING, _CLOSING)


def _operand(
    tokens: Iterable[tuple[int, str]], opening: Sequence[str], closing: Sequence[str]
) -> Iterator[int]:
    """Yield the places of parameters up to the end of the operand that ``tokens`` begin with."""
    depth = 0
    for at, token in tokens:
        word = token.lower()
        depth += (word in opening) - (word in closing)
        if depth < 0 or (depth == 0 and (word == "," or word in _ENDS)):
            return
        if _PARAMETER.fullmatch(token):
            yield at


def _with_same_values(text: str) -> str:
    """Return ``text`` with the parameters of each expression in GROUP BY and ORDER BY elsewhere.

    The same expression with other parameters is what it had the same values in.
    """
    for item in tuple(dict.fromkeys(_items(text))):
        pattern = _PARAMETER.pattern.join(map(re.escape, _PARAMETER.split(item)))
        same = re.compile(rf'(?<![\w."]){pattern}(?![\w"])', re.IGNORECASE)
        text = item.join(same.split(text))
    return text


def _items(text: str) -> Iterator[str]:
    """Yield the expressions with parameters that are grouped or sorted by."""
    for match in _LIST.finditer(text):
        start, depth = match.end(), 0
        for at, token in (*_tokens(text), (len(text), ")")):
            if at < match.end():
                continue
            word = token.lower()
            depth += (word in _OPENING) - (word in _CLOSING)
            ends = depth < 0 or (depth == 0 and word in _ENDS)
            if ends or (depth == 0 and word == ","):
                item = _DIRECTION.sub("", text[start:at].strip())
                if _PARAMETER.search(item):
                    yield item
                start = at + 1
            if ends:
                break
