"""What may lead from a copy back to its source: text that becomes code, or a name, when it runs."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from fnmatch import fnmatchcase
from functools import cache

SHOWN = 60
_IDENTIFIER = r"(?<![\w$]){}(?![\w$])"
_CODE = re.compile(
    r"\b(select|insert|update|delete|from|into|table|schema|search_path|truncate|alter|create|drop"
    r"|grant|call|execute|copy|sequence|view|function)\b",
    re.IGNORECASE,
)


class Use(Enum):
    """What becomes of a literal.

    It is the name of an object, a search path, data, what a variable keeps, or may be anything.
    """

    NAME = auto()
    PATH = auto()
    DATA = auto()
    KEPT = auto()
    OPEN = auto()


@dataclass(frozen=True)
class Reference:
    """A text in ``place``, an object's name, that may mean the source; ``line`` counts from 1."""

    place: str
    line: int
    text: str

    def __str__(self) -> str:
        text = " ".join(self.text.split())
        return f"{self.place}, line {self.line}: {text[:SHOWN]}{'...' * (len(text) > SHOWN)}"

    def is_allowed(self, allowed: Iterable[str]) -> bool:
        """Return whether a pattern of ``allowed`` is the place's, with or without its kind."""
        name = self.place.partition(" ")[2]
        names = (self.place, name, name.partition("(")[0])
        return any(fnmatchcase(each, pattern) for pattern in allowed for each in names)


def refused(references: Sequence[Reference], allowed: Iterable[str]) -> tuple[Reference, ...]:
    """Return those ``references`` that no pattern of ``allowed`` fits."""
    patterns = tuple(allowed)
    return tuple(each for each in references if not each.is_allowed(patterns))


def mentions(value: str, source: str) -> bool:
    """Return whether ``value`` has the word ``source``."""
    return _word(source).search(value) is not None


@cache
def _word(source: str) -> re.Pattern[str]:
    return re.compile(_IDENTIFIER.format(re.escape(source)), re.IGNORECASE)


def leads_back(value: str, source: str, *, dynamic: bool) -> bool:
    """Return whether ``value``, of which anything may become, may mean the schema ``source``.

    Where code is ``dynamic``, parts of it may be put together.
    """
    word = _IDENTIFIER.format(re.escape(source))
    if re.search(rf'{word}"?\s*\.', value, re.IGNORECASE) or value.lower() == source.lower():
        return True
    if not mentions(value, source):
        return False
    is_part = re.search(rf'{word}"?\s*$|^\s*"?{word}', value, re.IGNORECASE) is not None
    return _CODE.search(value) is not None or (dynamic and is_part)
