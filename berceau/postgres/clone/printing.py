"""Definitions in a form that doesn't depend on how often PostgreSQL has read and printed them.

It prints an expression that it has parsed, and parses that into another one of the same meaning:
``varchar IN (...)`` moves a cast from the array to its elements, BETWEEN loses parentheses.
"""

from collections.abc import Iterator, Sequence

from berceau.errors import MigrationFileError
from berceau.migration.splitter import tokens

_FIELDS = {"year", "month", "day", "hour", "minute", "second", "to"}


def meaning(definition: str) -> str:
    """Return a text that is the same for definitions that differ in how they are printed only."""
    words = without_casts(definition)
    if definition.startswith("CREATE TABLE") and " INHERITS (" in definition:
        words = " ".join(sorted(words.split()))  # the columns come in the order of its parents'
    return words


def without_casts(text: str) -> str:
    """Return ``text`` without parentheses and casts outside of its literals and names."""
    try:
        words = [each.text for each in tokens(text) if each.kind not in ("space", "comment")]
    except MigrationFileError:
        return text
    return " ".join(_kept(words))


def _kept(words: Sequence[str]) -> Iterator[str]:
    place = 0
    while place < len(words):
        if words[place] == "::":
            place = _after_type(words, place + 1)
            continue
        if words[place] not in ("(", ")"):
            yield words[place]
        place += 1


def _after_type(words: Sequence[str], place: int) -> int:
    """Return the place after the name of the type that begins at ``place``."""

    def at(number: int) -> str:
        return words[number] if number < len(words) else ""

    name = at(place)
    place += 1
    while at(place) == ".":
        place += 2
    if (name, at(place)) in (
        ("character", "varying"),
        ("bit", "varying"),
        ("double", "precision"),
    ):
        place += 1
    while name == "interval" and at(place) in _FIELDS:
        place += 1
    if at(place) == "(":  # precision and scale
        place = words.index(")", place) + 1
    if name in ("time", "timestamp") and at(place) in ("with", "without"):
        place += 3
    while at(place) == "[":
        place += 2
    return place
