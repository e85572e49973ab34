"""Declared renames: ``post.title=headline`` read, and held against what is and what shall be."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from berceau.errors import RenameError
from berceau.schema.model import Schema
from berceau.schema.names import in_quotes, unquote_name

_PART = r'"(?:[^"]|"")*"|[^".=][^.=]*'
_TEXT = re.compile(rf"((?:{_PART})(?:\.(?:{_PART})){{0,2}})=({_PART})")
_FORMS = "Write --rename TABLE.COLUMN=NEW, TABLE=NEW, ENUM.VALUE=NEW, ENUM=NEW, "
_FORMS += "TABLE.COLUMN.VALUE=NEW for a subclass, or Entity.attribute=NEW for a relation; a name "
_FORMS += "with a dot or an equals sign goes in double quotes: 'post.\"a.b\"=c'."


class Kind(StrEnum):
    """What can be renamed, as a person calls it."""

    TABLE = "table"
    ENUM = "enum"
    COLUMN = "column"
    LABEL = "value"
    RELATION = "relation"
    SUBCLASS = "subclass"


@dataclass(frozen=True)
class Rename:
    """What was ``before`` is ``after``; ``parent`` is the table of a column, the enum of a label.

    The parent of a relation, which is called by an attribute, is that one's entity; the parent of a
    subclass, which is called by the value in its rows, is the path of the column with it. All but
    ``after`` are names that things have before any rename.
    """

    kind: Kind
    parent: str | None
    before: str
    after: str

    @property
    def path(self) -> str:
        """The old name with its parent's: ``post.title``."""
        if self.kind is Kind.SUBCLASS:
            return f"{self.parent}.{_quote(self.before)}"
        return path_of(self.place)

    @property
    def place(self) -> tuple[str, ...]:
        """The old name, after its parent's."""
        return tuple(name for name in (self.parent, self.before) if name is not None)

    def __str__(self) -> str:
        return f"{self.path}={_quote(self.after)}"


def path_of(names: Iterable[str]) -> str:
    """Return the names of something and of what it is in as one: ``post.title``."""
    return ".".join(map(_quote, names))


def parse(texts: Iterable[str], current: Schema, desired: Schema) -> tuple[Rename, ...]:
    """Read the values of ``--rename`` that lead from ``current`` towards ``desired``.

    All take effect at once, so names can be swapped. Raises ``RenameError`` for one that can't
    be, with the names that could be meant.
    """
    parts = list(dict.fromkeys(map(_split, texts)))
    wholes = [_whole(*parent, after, current) for parent, after in parts if len(parent) == 1]
    members = [_member(*place, after, wholes, current) for place, after in parts if len(place) == 2]
    subclasses = [
        _subclass(*place, after, (*wholes, *members), current)
        for place, after in parts
        if len(place) == 3
    ]
    renames = (*wholes, *members, *subclasses)
    _check(renames, current, desired)
    return renames


def names_in(schema: Schema, kind: Kind, parent: str | None = None) -> tuple[str, ...]:
    """Return the names of what is of that ``kind`` in ``schema``, or in ``parent`` of it."""
    match kind:
        case Kind.TABLE:
            return tuple(table.name for table in schema.tables)
        case Kind.ENUM:
            return tuple(enum.name for enum in schema.enums)
        case Kind.COLUMN:
            tables = (table for table in schema.tables if table.name == parent)
            return tuple(column.name for table in tables for column in table.columns)
        case Kind.LABEL:
            return tuple(
                label for enum in schema.enums if enum.name == parent for label in enum.labels
            )
        case Kind.RELATION:
            links = (each.of.partition("-")[0] for each in schema.meanings if each.role == "link")
            names = (name.rpartition(".") for name in links)
            return tuple(attribute for entity, _, attribute in names if entity == parent)
        case Kind.SUBCLASS:
            return tuple(
                each.place[2]
                for each in schema.meanings
                if each.role == "subclass" and path_of(each.place[:2]) == parent
            )


def renamed(renames: Iterable[Rename], *kinds: Kind) -> Mapping[str, str]:
    """Return the new names of what is of those ``kinds``, tables or enums, by the old ones."""
    return {rename.before: rename.after for rename in renames if rename.kind in kinds}


def _split(text: str) -> tuple[tuple[str, ...], str]:
    match = _TEXT.fullmatch(text)
    if match is None:
        raise RenameError(f"--rename {text} can't be read.", cure=_FORMS)
    return tuple(map(unquote_name, re.findall(_PART, match[1]))), unquote_name(match[2])


def _quote(name: str) -> str:
    return name if re.fullmatch(r'[^".=][^.=]*', name) else in_quotes(name)


def _whole(before: str, after: str, current: Schema) -> Rename:
    for kind in (Kind.TABLE, Kind.ENUM):
        if before in names_in(current, kind):
            return Rename(kind, None, before, after)
    known = names_in(current, Kind.TABLE) + names_in(current, Kind.ENUM)
    raise _unknown(f"table or enum {before}", before, known)


def _member(
    parent: str, before: str, after: str, wholes: Sequence[Rename], current: Schema
) -> Rename:
    tables, enums = names_in(current, Kind.TABLE), names_in(current, Kind.ENUM)
    if before in names_in(current, Kind.RELATION, parent):
        return Rename(Kind.RELATION, parent, before, after)
    if parent not in tables + enums:
        old_names = {rename.after: rename.before for rename in wholes}
        if parent not in old_names:
            raise _unknown(f"table or enum {parent}", parent, tables + enums)
        parent = old_names[parent]
    kind = Kind.COLUMN if parent in tables else Kind.LABEL
    known = names_in(current, kind, parent)
    if before not in known:
        raise _unknown(f"{kind} {parent}.{before}", before, known)
    return Rename(kind, parent, before, after)


def _subclass(
    table: str, column: str, before: str, after: str, others: Sequence[Rename], current: Schema
) -> Rename:
    old_tables = {each.after: each.before for each in others if each.kind is Kind.TABLE}
    table = table if table in names_in(current, Kind.TABLE) else old_tables.get(table, table)
    known = names_in(current, Kind.COLUMN, table)
    if column not in known:
        raise _unknown(f"column {table}.{column}", column, known)
    return Rename(Kind.SUBCLASS, path_of((table, column)), before, after)


def _unknown(what: str, name: str, known: Collection[str]) -> RenameError:
    near = get_close_matches(name, known, n=3)
    hint = (
        f"Did you mean {' or '.join(near)}?"
        if near
        else "Give a name that the migrations have created."
    )
    return RenameError(f"There is no {what} to rename.", cure=f"{hint} Nothing was written.")


def _check(renames: Sequence[Rename], current: Schema, desired: Schema) -> None:
    wholes = renamed(renames, Kind.TABLE, Kind.ENUM)
    known = {each.place for each in current.meanings}
    known |= {each.place[:1] for each in current.meanings if each.role == "link"}
    for rename in renames:
        siblings = [
            each for each in renames if (each.kind, each.parent) == (rename.kind, rename.parent)
        ]
        if rename.before == rename.after:
            raise RenameError(f"--rename {rename} changes nothing.", cure="Leave it out.")
        parent = (
            rename.parent if rename.parent is None else wholes.get(rename.parent, rename.parent)
        )
        place = "" if parent is None else f"{parent}."
        for other in siblings:
            if other is not rename and rename.before == other.before:
                raise _conflict(f"{rename.path} would get two names", rename, other)
            if other is not rename and rename.after == other.after:
                raise _conflict(f"Two objects would be called {place}{rename.after}", rename, other)
        if rename.kind in (Kind.RELATION, Kind.SUBCLASS):
            continue  # whose names those of their parents decide
        _require_declared(rename, parent, desired)
        there = rename.after in names_in(current, rename.kind, rename.parent)
        free = (rename.parent, rename.after) if rename.parent is not None else (rename.after,)
        if there and all(other.before != rename.after for other in siblings) and free not in known:
            raise RenameError(
                f"--rename {rename}: there is a {rename.kind} {place}{rename.after} already.",
                cure="Rename that one, too, or drop it in an earlier migration. Nothing was "
                "written.",
            )


def _require_declared(rename: Rename, parent: str | None, desired: Schema) -> None:
    declared = names_in(desired, rename.kind, parent)
    if rename.after not in declared:
        near = get_close_matches(rename.after, declared, n=3)
        hint = f"Did you mean {' or '.join(near)}?" if near else "Declare it first."
        place = "" if parent is None else f"{parent}."
        raise RenameError(
            f"--rename {rename}: no component declares the {rename.kind} {place}{rename.after}.",
            cure=f"{hint} Nothing was written.",
        )


def _conflict(what: str, first: Rename, second: Rename) -> RenameError:
    return RenameError(
        f"{what}: --rename {first} and --rename {second}.",
        cure="Leave one of them out. Nothing was written.",
    )
