"""Which migration brought a table, a column or a value of an enum, by the statements of all."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from berceau.migration.migration import Migration
from berceau.migration.splitter import split, tokens
from berceau.schema.names import unquote_name

Place = tuple[str, ...]
"""A table, an enum, or what is in it: ``("post",)``, ``("post", "title")``, ``("state", "ON")``."""

_NO_COLUMN = {"constraint", "primary", "unique", "foreign", "check", "exclude", "like"}
_FILLERS = {"if", "not", "exists", "only", "column"}
_REMEMBERED = 4096


def origins(migrations: Iterable[Migration]) -> dict[Place, str]:
    """Return the name of the migration that brought each place, as it is called at the end.

    What was renamed keeps its migration. What came by a statement that this doesn't know, such as
    ``CREATE TABLE ... AS``, is missing. Raises ``MigrationFileError``.
    """
    found: dict[Place, str] = {}
    for migration in migrations:
        for deed, place, name in _deeds(migration.sql):
            if deed == "add":
                found.setdefault(place, migration.name)
            else:
                for each in [each for each in found if each[: len(place)] == place]:
                    origin = found.pop(each)
                    if name:
                        found[(*place[:-1], name, *each[len(place) :])] = origin
    return found


Deed = tuple[str, Place, str]
"""``add``, ``drop`` or ``rename``, what, and its new name."""


@lru_cache(_REMEMBERED)
def _deeds(sql: str) -> tuple[Deed, ...]:
    return tuple(deed for statement in split(sql) for deed in _of_statement(statement.text))


def _of_statement(text: str) -> Iterator[Deed]:
    words = [
        each.text.lower() if each.kind == "word" else each.text
        for each in tokens(text)
        if each.kind not in ("space", "comment")
    ]
    match words:
        case ["create", "table", *rest] | ["create", "unlogged", "table", *rest]:
            yield from _created(rest)
        case ["create", "type", *rest]:
            yield from _created_enum(rest)
        case ["alter", "table" | "type" as kind, *rest]:
            table, rest = _name(rest)
            for action in _parts(rest):
                yield from _action(kind, table, action)
        case ["drop", "table" | "type", *rest]:
            for each in _parts(rest):
                yield "drop", (_name(each)[0],), ""


def _created(words: Sequence[str]) -> Iterator[Deed]:
    table, rest = _name(words)
    yield "add", (table,), ""
    if rest[:1] == ["("]:
        for part in _parts(_inside(rest)):
            if part[0] not in _NO_COLUMN:
                yield "add", (table, unquote_name(part[0])), ""


def _created_enum(words: Sequence[str]) -> Iterator[Deed]:
    name, rest = _name(words)
    if rest[:3] == ["as", "enum", "("]:
        yield "add", (name,), ""
        for part in _parts(_inside(rest[2:])):
            yield "add", (name, _label(part[0])), ""


def _action(kind: str, table: str, words: Sequence[str]) -> Iterator[Deed]:
    match words:
        case ["rename", "to", name]:
            yield "rename", (table,), unquote_name(name)
        case ["rename", "value", before, "to", after]:
            yield "rename", (table, _label(before)), _label(after)
        case ["rename", *rest] if rest[-2:-1] == ["to"] and rest[0] != "constraint":
            yield "rename", (table, _name(rest)[0]), unquote_name(rest[-1])
        case ["add", "value", *rest]:
            label = next(each for each in rest if each not in _FILLERS)
            yield "add", (table, _label(label)), ""
        case ["add", *rest] if kind == "table" and rest and rest[0] not in _NO_COLUMN:
            yield "add", (table, _name(rest)[0]), ""
        case ["drop", *rest] if rest and rest[0] != "constraint":
            yield "drop", (table, _name(rest)[0]), ""


def _name(words: Sequence[str]) -> tuple[str, list[str]]:
    """Return the name that ``words`` begin with, without its schema, and the words after it."""
    rest = list(words)
    while rest[0] in _FILLERS:
        rest.pop(0)
    name = rest.pop(0)
    while rest[:1] == ["."]:
        name, rest = rest[1], rest[2:]
    return unquote_name(name), rest


def _inside(words: Sequence[str]) -> list[str]:
    """Return what stands between the parenthesis that ``words`` begin with and its end."""
    depth = 0
    for position, word in enumerate(words):
        depth += {"(": 1, ")": -1}.get(word, 0)
        if depth == 0:
            return list(words[1:position])
    return list(words[1:])


def _parts(words: Iterable[str]) -> Iterator[list[str]]:
    """Yield what commas separate, those in parentheses left alone."""
    part: list[str] = []
    depth = 0
    for word in words:
        depth += {"(": 1, ")": -1, "[": 1, "]": -1}.get(word, 0)
        if word == "," and depth == 0:
            yield part
            part = []
        else:
            part.append(word)
    if part:
        yield part


def _label(literal: str) -> str:
    return literal.strip("'").replace("''", "'")
