"""Which statements of migrations lose data, as far as their text shows."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from berceau.migration.hazard_comments import hazards_above
from berceau.migration.splitter import NAME, ParsedStatement, split
from berceau.schema.names import unquote_name
from berceau.schema.statement import Hazard

_DROP_TABLE = re.compile(rf"drop table (?:if exists )?(?P<table>{NAME})(?P<more> [.,])?")
_ALTER_TABLE = re.compile(rf"alter table (?:if exists )?(?:only )?(?P<table>{NAME}) ")
_DROP_COLUMN = re.compile(
    rf"drop (?:column )?(?:if exists )?(?!constraint\b|default\b|not\b|identity\b|expression\b)"
    rf"(?P<column>{NAME})"
)
_RENAME = re.compile(
    rf"alter table (?:if exists )?(?:only )?(?P<table>{NAME}) rename "
    rf"(?:(?:column )?(?!constraint |to )(?P<column>{NAME}) )?to (?P<after>{NAME})"
)
_OTHER = re.compile(r"drop (schema|owned)\b|truncate\b|delete from\b|update\b")


@dataclass(frozen=True)
class Loss:
    """A statement that loses data: of ``table``, or of its ``column``, where that is known.

    They are called as they are before the migrations run.
    """

    what: str
    line: int
    table: str | None = None
    column: str | None = None


@dataclass
class Renamed:
    """What migrations that run one after the other renamed so far: names before, by those after."""

    tables: dict[str, str] = field(default_factory=dict)
    columns: dict[tuple[str, str], str] = field(default_factory=dict)

    def note(self, words: str) -> None:
        """Take in what a statement renames."""
        match = _RENAME.match(words)
        if match is None:
            return
        table, after = unquote_name(match["table"]), unquote_name(match["after"])
        if match["column"] is None:
            self.tables[after] = self.tables.pop(table, table)
        else:
            before, column = self.table(table), unquote_name(match["column"])
            self.columns[before, after] = self.columns.pop((before, column), column)

    def table(self, name: str) -> str:
        """Return what the table that is called ``name`` by now was called before."""
        return self.tables.get(name, name)

    def column(self, table: str, name: str) -> str:
        """Return what a column was called before; ``table`` is what its table was called then."""
        return self.columns.get((table, name), name)


def losses(text: str, renamed: Renamed) -> tuple[Loss, ...]:
    """Return what the SQL ``text`` drops or deletes, and what is marked to lose data.

    ``renamed`` is what earlier migrations renamed; what this one renames is added.
    """
    return tuple(_all_losses(text, renamed))


def _all_losses(text: str, renamed: Renamed) -> Iterator[Loss]:
    lines = text.splitlines()
    for statement in split(text):
        yield from _losses(statement, lines, renamed)
        renamed.note(" ".join(statement.head))


def _losses(statement: ParsedStatement, lines: list[str], renamed: Renamed) -> Iterator[Loss]:
    words = " ".join(statement.head)
    altered = _ALTER_TABLE.match(words)
    columns = [unquote_name(match["column"]) for match in _DROP_COLUMN.finditer(words)]
    if match := _DROP_TABLE.match(words):
        table = None if match["more"] else renamed.table(unquote_name(match["table"]))
        yield Loss(f"table {table}" if table else _first_line(statement), statement.line, table)
    elif altered and columns:
        name = renamed.table(unquote_name(altered["table"]))
        for column in (renamed.column(name, each) for each in columns):
            yield Loss(f"column {name}.{column}", statement.line, name, column)
    elif _OTHER.match(words) or Hazard.DATA_LOSS in hazards_above(statement.line, lines):
        yield Loss(_first_line(statement), statement.line)


def _first_line(statement: ParsedStatement) -> str:
    return statement.text.splitlines()[0]
