"""Which tables and enums entities once declared, as far as the migrations show."""

import re
from collections.abc import Iterable, Mapping

from berceau.migration.header import checksum, without
from berceau.migration.migration import Migration
from berceau.migration.splitter import NAME, ParsedStatement, split
from berceau.schema.names import unquote_name

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


def _is_ours(statement: ParsedStatement) -> bool:
    return statement.head[1] == "type" or bool(_KEY.search(statement.text))
