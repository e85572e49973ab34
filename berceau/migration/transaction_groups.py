"""Statements into segments: what is one transaction, and what has to run outside of any."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from berceau.errors import Location, MigrationFileError
from berceau.migration.splitter import NAME, ParsedStatement, split

_ALONE = re.compile(
    rf"""
      create\ (unique\ )?index\ concurrently\b | drop\ index\ concurrently\b
    | reindex\b.*\bconcurrently\b | reindex\ (\(.*?\)\ )?(schema|database|system)\b
    | vacuum\b | cluster(\ verbose|\ \(.*\))?$ | alter\ system\b
    | (create|drop)\ (database|tablespace)\b | alter\ database\ {NAME}\ set\ tablespace\b
    | (create|drop|alter)\ subscription\b
    | alter\ table\ .*\ detach\ partition\ .*\ concurrently\b | call\b
    """,
    re.VERBOSE | re.DOTALL,
)
_OUTSIDE = re.compile(
    r"vacuum\b|alter system\b|alter database\b|(create|drop) (database|tablespace)\b"
    r"|(create|drop|alter) (subscription|publication|event trigger)\b"
    r"|reindex (\(.*?\) )?(concurrently )?(database|system)\b"
)
_ADDS_VALUE = re.compile(rf"alter type {NAME}( \. {NAME})? add value\b")
_ENDS_INSIDE = re.compile(r"\b(commit|rollback)\b", re.IGNORECASE)
_SETTING = re.compile(
    r"(re)?set (?!local\b|transaction\b|constraints\b)|select (pg_catalog \. )?set_config\b"
)
_NAMELESS = re.compile(r"create (unique )?index concurrently on\b")


class Mode(StrEnum):
    """How a segment is carried out."""

    TRANSACTION = "one transaction"
    ALONE = "outside of a transaction"
    PYTHON = "one transaction of Python"


@dataclass(frozen=True)
class TransactionGroup:
    """Statements of ``file`` that are carried out together; ``first`` is the number of the first.

    Statements are numbered from 1, in the order of the script; ``begin`` opens the transaction.
    """

    file: Path
    first: int
    statements: tuple[ParsedStatement, ...]
    mode: Mode = Mode.TRANSACTION
    begin: str = "BEGIN"

    @property
    def last(self) -> int:
        """The number of its last statement."""
        return self.first + len(self.statements) - 1

    def after(self, done: int) -> "TransactionGroup":
        """Return what is left of it when the first ``done`` statements of the script are done."""
        skipped = max(0, done + 1 - self.first)
        return replace(self, first=self.first + skipped, statements=self.statements[skipped:])

    def numbered(self) -> Iterator[tuple[int, ParsedStatement]]:
        """Yield its statements with their numbers."""
        return enumerate(self.statements, self.first)

    def place(self, number: int) -> Location:
        """Return where statement ``number`` begins."""
        return Location(file=self.file, line=self.statements[number - self.first].line)

    def __str__(self) -> str:
        if self.first == self.last:
            return f"statement {self.first} ({self.mode})"
        return f"statements {self.first} to {self.last} ({self.mode})"


def cut(text: str, file: Path) -> tuple[TransactionGroup, ...]:
    """Return the segments of the SQL ``text``.

    ``BEGIN`` and ``COMMIT`` bound a segment; without them a segment is as long as it can be. A
    new enum value may be used after its transaction only, so ``ADD VALUE`` has one of its own.
    Raises ``MigrationFileError`` with the line of what can't be carried out.
    """
    try:
        return tuple(_numbered(_Cutter(file).run(split(text))))
    except MigrationFileError as error:
        raise error.at(replace(error.where or Location(), file=file)) from error


def python(text: str, file: Path, first: int) -> TransactionGroup:
    """Return the segment that runs the Python ``text`` as statement ``first`` of a script."""
    return TransactionGroup(file, first, (ParsedStatement(text, 1, ()),), Mode.PYTHON)


def changes_session(piece: ParsedStatement) -> bool:
    """Return whether ``piece`` is a setting that later statements of its script depend on."""
    return bool(_SETTING.match(_words(piece)))


def outside_of_schema(piece: ParsedStatement) -> bool:
    """Return whether ``piece`` changes the server or the whole database, and no schema."""
    return bool(_OUTSIDE.match(_words(piece)))


def _numbered(segments: Iterable[TransactionGroup]) -> Iterator[TransactionGroup]:
    first = 1
    for segment in segments:
        if segment.statements:
            yield replace(segment, first=first)
            first += len(segment.statements)


def _words(piece: ParsedStatement) -> str:
    return " ".join(piece.head)


class _Cutter:
    """Collects statements until the next one needs another transaction."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.opened: ParsedStatement | None = None
        self.collected: list[ParsedStatement] = []
        self.adding_values = False

    def run(self, pieces: Iterable[ParsedStatement]) -> Iterator[TransactionGroup]:
        for piece in pieces:
            yield from self._take(piece)
        if self.opened is not None:
            raise _refused(self.opened, "BEGIN without a COMMIT", "Add COMMIT; where it ends.")
        yield self._flush()

    def _take(self, piece: ParsedStatement) -> Iterator[TransactionGroup]:
        words = _words(piece)
        _refuse_what_cannot_be(piece, words)
        match piece.head[0]:
            case "begin" | "start" if self.opened is not None:
                raise _refused(piece, "BEGIN inside of a transaction", "COMMIT the first one.")
            case "begin" | "start":
                yield self._flush()
                self.opened = piece
            case "commit" | "end":
                if self.opened is None:
                    raise _refused(piece, "COMMIT without a BEGIN", "Remove it, or add BEGIN;.")
                yield self._flush()
                self.opened = None
            case _ if _is_alone(piece, words):
                if self.opened is not None:
                    raise _refused(
                        piece,
                        "A statement that can't run inside of a transaction",
                        "Move it out of BEGIN and COMMIT.",
                    )
                yield self._flush()
                yield TransactionGroup(self.file, 0, (piece,), Mode.ALONE)
            case _:
                adds_value = self.opened is None and bool(_ADDS_VALUE.match(words))
                if adds_value is not self.adding_values:
                    yield self._flush()
                self.adding_values = adds_value
                self.collected.append(piece)

    def _flush(self) -> TransactionGroup:
        begin = self.opened.text if self.opened else "BEGIN"
        segment = TransactionGroup(self.file, 0, tuple(self.collected), begin=begin)
        self.collected = []
        self.adding_values = False
        return segment


def _is_alone(piece: ParsedStatement, words: str) -> bool:
    if piece.head[0] == "do":
        return bool(_ENDS_INSIDE.search(piece.text))
    return bool(_ALONE.match(words))


def _refuse_what_cannot_be(piece: ParsedStatement, words: str) -> None:
    if re.match(r"abort\b|rollback\b(?!( work| transaction)? to\b)", words):
        raise _refused(piece, "ROLLBACK", "A migration is applied, or it fails: remove it.")
    if re.match(r"(prepare transaction|commit prepared)\b", words):
        raise _refused(piece, "A two-phase commit", "Use BEGIN and COMMIT.")
    if re.match(r"(commit|end)\b.* and chain\b", words):
        raise _refused(piece, "COMMIT AND CHAIN", "Write COMMIT; BEGIN; instead.")
    if re.match(r"discard all\b", words):
        raise _refused(piece, "DISCARD ALL", "It would release the deploy lock: remove it.")
    if _NAMELESS.match(words):
        raise _refused(
            piece,
            "CREATE INDEX CONCURRENTLY without a name",
            "Name the index: Berceau must find it after an interruption.",
        )


def _refused(piece: ParsedStatement, what: str, cure: str) -> MigrationFileError:
    return MigrationFileError(
        f"{what} can't be in a migration.", where=Location(line=piece.line), cure=cure
    )
