"""Which statements of a script lose data, as far as their words tell."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from berceau.migration.marks import marks
from berceau.migration.splitter import Piece, split
from berceau.schema.sql.statement import Hazard

_NAME = r'(?:"(?:[^"]|"")+"|[^\s".(),;]+)'
_DROP_TABLE = re.compile(rf"drop table (?:if exists )?(?P<table>{_NAME})(?P<more> [.,])?")
_ALTER_TABLE = re.compile(rf"alter table (?:if exists )?(?:only )?(?P<table>{_NAME}) ")
_DROP_COLUMN = re.compile(
    rf"drop (?:column )?(?:if exists )?(?!constraint\b|default\b|not\b|identity\b|expression\b)"
    rf"(?P<column>{_NAME})"
)
_OTHER = re.compile(r"drop (schema|owned)\b|truncate\b|delete from\b|update\b")


@dataclass(frozen=True)
class Loss:
    """A statement that loses data: of ``table``, or of its ``column``, where that is known."""

    what: str
    line: int
    table: str | None = None
    column: str | None = None


def losses(text: str) -> tuple[Loss, ...]:
    """Return what the SQL ``text`` drops or deletes, and what is marked to lose data."""
    lines = text.splitlines()
    return tuple(loss for piece in split(text) for loss in _losses(piece, lines))


def _losses(piece: Piece, lines: list[str]) -> Iterator[Loss]:
    words = " ".join(piece.head)
    altered = _ALTER_TABLE.match(words)
    columns = [_unquoted(match["column"]) for match in _DROP_COLUMN.finditer(words)]
    if match := _DROP_TABLE.match(words):
        table = None if match["more"] else _unquoted(match["table"])
        yield Loss(f"table {table}" if table else _first_line(piece), piece.line, table)
    elif altered and columns:
        name = _unquoted(altered["table"])
        for column in columns:
            yield Loss(f"column {name}.{column}", piece.line, name, column)
    elif _OTHER.match(words) or Hazard.DATA_LOSS in marks(piece.line, lines):
        yield Loss(_first_line(piece), piece.line)


def _first_line(piece: Piece) -> str:
    return piece.text.splitlines()[0]


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
