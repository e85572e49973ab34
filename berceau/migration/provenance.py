"""What of the migrations Berceau wrote: statements, and the tables and enums of entities."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations_with_replacement
from typing import TypeVar

from berceau.migration.header import checksum, without
from berceau.migration.migration import Migration
from berceau.migration.splitter import NAME, ParsedStatement, split
from berceau.schema.names import unquote_name

_Item = TypeVar("_Item")

_CREATED = re.compile(rf"create (?:table|type) (?P<name>{NAME}) (?:\(|as enum\b)")
_RENAMED = re.compile(rf"alter (?:table|type) (?P<name>{NAME}) rename to (?P<after>{NAME})")
_DROPPED = re.compile(rf"drop (?:table|type) (?P<name>{NAME})")
# Each table of an entity has a key, and that is how it is written; by hand one rarely does.
_KEY = re.compile(rf"^    CONSTRAINT {NAME} PRIMARY KEY \(", re.MULTILINE)


def made_by_entities(migrations: Iterable[Migration]) -> Mapping[str, tuple[str, ...]]:
    """Return the tables and enums that ``migrations`` made because of an entity, by name.

    Each comes with the components that it may be of, as far as known. That is what generated
    migrations create. Where one was changed by hand, it is what looks as they write it. What a
    header calls unmanaged is no entity's.
    """
    found: dict[str, tuple[str, ...]] = {}
    for migration in migrations:
        generated = migration.header.generated
        intact = generated == checksum(without(migration.sql))
        for statement in split(migration.sql) if generated or found else ():
            words = " ".join(statement.head)
            if match := _RENAMED.match(words):
                name, after = unquote_name(match["name"]), unquote_name(match["after"])
                if name in found:
                    found[after] = found.pop(name)
            elif match := _DROPPED.match(words):
                found.pop(unquote_name(match["name"]), None)
            elif generated and (match := _CREATED.match(words)) and (intact or _is_ours(statement)):
                name = unquote_name(match["name"])
                found[name] = migration.header.components_of(name)
        for name in migration.header.unmanaged:
            found.pop(name, None)
    return found


def generated_statements(migration: Migration) -> Sequence[ParsedStatement]:
    """Return the statements of ``migration`` that Berceau wrote and that are as they were.

    The checksum of the header finds them where statements were added in one place, or at both
    ends. Where the file was edited otherwise, none is known.
    """
    if migration.header.generated is None:
        return ()
    statements = split(migration.sql)
    blocks = _blocks(without(migration.sql))
    for start, end in combinations_with_replacement(range(len(blocks) + 1), 2):
        for outer in (True, False):
            kept = _pick(blocks, start, end, outer)
            if checksum("\n\n".join(kept)) == migration.header.generated:
                return _pick(statements, start, end, outer)
    return ()


def _pick(of: Sequence[_Item], start: int, end: int, outer: bool) -> Sequence[_Item]:
    """Return the items from ``start`` to ``end``, or those ``outer`` ones before and after."""
    return (*of[:start], *of[end:]) if outer else of[start:end]


def _blocks(sql: str) -> tuple[str, ...]:
    """Return each statement of ``sql``, as it is written, with the comments above it."""
    lines = sql.splitlines()
    statements = split(sql)
    ends = [each.line + each.text.count("\n") for each in statements]
    begins = [0, *ends]
    return tuple(
        "\n".join(lines[begin:end]).strip() for begin, end in zip(begins, ends, strict=False)
    )


def _is_ours(statement: ParsedStatement) -> bool:
    return statement.head[1] == "type" or bool(_KEY.search(statement.text))
