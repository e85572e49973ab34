"""Which tables and enums entities once declared, as far as the migrations tell."""

import re
from collections.abc import Iterable, Set

from berceau.migration.header import digest, without
from berceau.migration.migration import Migration
from berceau.migration.splitter import ParsedStatement, split

_NAME = r'(?:"(?:[^"]|"")+"|[^\s".(),;]+)'
_CREATED = re.compile(rf"create (?:table|type) (?P<name>{_NAME}) (?:\(|as enum\b)")
_RENAMED = re.compile(rf"alter (?:table|type) (?P<name>{_NAME}) rename to (?P<after>{_NAME})")
_DROPPED = re.compile(rf"drop (?:table|type) (?P<name>{_NAME})")
# Each table of an entity has a key, and that is how it is written; by hand one rarely does.
_KEY = re.compile(rf"^    CONSTRAINT {_NAME} PRIMARY KEY \(", re.MULTILINE)


def made_by_entities(scripts: Iterable[Migration]) -> Set[str]:
    """Return the names of the tables and enums that ``scripts`` made because of an entity.

    That is what generated migrations create. Where one was changed by hand, it is what looks as
    they write it. What a header calls unmanaged is no entity's.
    """
    names: set[str] = set()
    for script in scripts:
        generated = script.header.generated
        intact = generated == digest(without(script.sql))
        for piece in split(script.sql) if generated or names else ():
            words = " ".join(piece.head)
            if match := _RENAMED.match(words):
                name, after = _unquoted(match["name"]), _unquoted(match["after"])
                if name in names:
                    names = (names - {name}) | {after}
            elif match := _DROPPED.match(words):
                names.discard(_unquoted(match["name"]))
            elif generated and (match := _CREATED.match(words)) and (intact or _is_ours(piece)):
                names.add(_unquoted(match["name"]))
        names -= set(script.header.unmanaged)
    return names


def _is_ours(piece: ParsedStatement) -> bool:
    return piece.head[1] == "type" or bool(_KEY.search(piece.text))


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
