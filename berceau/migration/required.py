"""Which columns migrations require a value in, as far as their text shows, of rows as they are."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from berceau.migration.destructive import Renamed
from berceau.migration.splitter import NAME, split
from berceau.schema.names import unquote_name

_ALTER = re.compile(
    rf"alter table (?:if exists )?(?:only )?(?P<table>{NAME}) "
    rf"(?P<does>add|alter|drop|rename|validate)\b(?: column)?(?: if (?:not )?exists)? ?"
    rf"(?P<column>{NAME})?(?P<rest>.*)"
)
_CHANGE = re.compile(
    r"(?:update (?:only )?"
    r"|create (?:(?:global|local|temp|temporary|unlogged|foreign) )*table (?:if not exists )?)"
    rf"(?:{NAME} \. )?(?P<table>{NAME})"
)
_DROP = re.compile(r"drop (?:foreign )?table (?:if exists )?(?P<tables>.+)")
_NAME = re.compile(NAME)
_STRUCTURE = re.compile(r"(alter|create|drop|comment|begin|commit|reindex)\b")


@dataclass(frozen=True)
class Requirement:
    """A ``column`` of a ``table``, by the names of before, in which each row needs a value."""

    table: str
    column: str
    line: int


@dataclass
class Requirements:
    """What migrations require that run one after the other.

    Where a statement before may give the rows a value, nothing is known.
    """

    renamed: Renamed = field(default_factory=Renamed)
    _changed: set[str] = field(default_factory=set)
    _replaced: set[tuple[str, str]] = field(default_factory=set)
    _unclear: bool = False

    def of(self, text: str) -> Iterator[Requirement]:
        """Yield what the SQL ``text`` requires."""
        for statement in split(text):
            words = " ".join(statement.head)
            if found := self._next(words, statement.line):
                yield found
            self.renamed.note(words)

    def _next(self, words: str, line: int) -> Requirement | None:
        changed = self._tables_changed(words)
        self._changed.update(changed)
        if not changed and not _STRUCTURE.match(words):
            self._unclear = True
        match = _ALTER.match(words)
        if match is None or match["column"] is None or self._unclear:
            return None
        table = self.renamed.table(unquote_name(match["table"]))
        column = self.renamed.column(table, unquote_name(match["column"]))
        if match["does"] in ("add", "drop"):
            self._replaced.add((table, column))
        elif match["does"] == "alter" and match["rest"].split()[:3] == ["set", "not", "null"]:
            if table not in self._changed and (table, column) not in self._replaced:
                return Requirement(table, column, line)
        elif match["does"] == "alter" and " type " in match["rest"]:
            self._changed.add(table)
        return None

    def _tables_changed(self, words: str) -> set[str]:
        """Return the tables whose rows a statement updates or drops, and one that it creates."""
        names: list[str] = []
        if match := _CHANGE.match(words):
            names = [match["table"]]
        elif match := _DROP.match(words):
            names = _NAME.findall(match["tables"])
        return {self.renamed.table(unquote_name(each)) for each in names}
