"""Statements in groups: what is one transaction, and what has to run outside of any."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from berceau.errors import Location, MigrationFileError
from berceau.migration.batches import BatchedUpdate, find
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
    """How a group is carried out."""

    TRANSACTION = "one transaction"
    ALONE = "outside of a transaction"
    BATCHES = "in batches"
    PYTHON = "one transaction of Python"


@dataclass(frozen=True)
class TransactionGroup:
    """Statements of ``file`` that are carried out together; ``first`` is the number of the first.

    Statements are numbered from 1, in the order of the file; ``begin`` opens the transaction.
    ``batched`` is what the one statement updates in batches, where the table is large.
    """

    file: Path
    first: int
    statements: tuple[ParsedStatement, ...]
    mode: Mode = Mode.TRANSACTION
    begin: str = "BEGIN"
    batched: BatchedUpdate | None = None

    @property
    def last(self) -> int:
        """The number of its last statement."""
        return self.first + len(self.statements) - 1

    def after(self, done: int) -> "TransactionGroup":
        """Return what is left of it when the first ``done`` statements of the file are done."""
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
    """Return the groups of the SQL ``text``.

    ``BEGIN`` and ``COMMIT`` bound a group; without them a group is as long as it can be. A
    new enum value may be used after its transaction only, so ``ADD VALUE`` has one of its own.
    What may run in batches is a group of its own.
    Raises ``MigrationFileError`` with the line of what can't be carried out.
    """
    try:
        statements = split(text)
        return tuple(_numbered(_Cutter(file, find(text, statements)).run(statements)))
    except MigrationFileError as error:
        raise error.at(replace(error.where or Location(), file=file)) from error


def python(text: str, file: Path, first: int) -> TransactionGroup:
    """Return the group that runs the Python ``text`` as statement ``first``."""
    return TransactionGroup(file, first, (ParsedStatement(text, 1, ()),), Mode.PYTHON)


def changes_session(statement: ParsedStatement) -> bool:
    """Return whether ``statement`` is a setting that later statements of its file depend on."""
    return bool(_SETTING.match(_words(statement)))


def outside_of_schema(statement: ParsedStatement) -> bool:
    """Return whether ``statement`` changes the server or the whole database, and no schema."""
    return bool(_OUTSIDE.match(_words(statement)))


def _numbered(groups: Iterable[TransactionGroup]) -> Iterator[TransactionGroup]:
    first = 1
    for group in groups:
        if group.statements:
            yield replace(group, first=first)
            first += len(group.statements)


def _words(statement: ParsedStatement) -> str:
    return " ".join(statement.head)


class _Cutter:
    """Collects statements until the next one needs another transaction."""

    def __init__(self, file: Path, batched: Mapping[int, BatchedUpdate]) -> None:
        self.file = file
        self.batched = batched
        self.opened: ParsedStatement | None = None
        self.collected: list[ParsedStatement] = []
        self.adding_values = False

    def run(self, statements: Iterable[ParsedStatement]) -> Iterator[TransactionGroup]:
        for index, statement in enumerate(statements):
            if index in self.batched:
                yield from self._take_batched(statement, self.batched[index])
            else:
                yield from self._take(statement)
        if self.opened is not None:
            raise _refused(self.opened, "BEGIN without a COMMIT", "Add COMMIT; where it ends.")
        yield self._flush()

    def _take(self, statement: ParsedStatement) -> Iterator[TransactionGroup]:
        words = _words(statement)
        _refuse_what_cannot_be(statement, words)
        match statement.head[0]:
            case "begin" | "start" if self.opened is not None:
                raise _refused(statement, "BEGIN inside of a transaction", "COMMIT the first one.")
            case "begin" | "start":
                yield self._flush()
                self.opened = statement
            case "commit" | "end":
                if self.opened is None:
                    raise _refused(statement, "COMMIT without a BEGIN", "Remove it, or add BEGIN;.")
                yield self._flush()
                self.opened = None
            case _ if _is_alone(statement, words):
                self._require_outside(
                    statement, "A statement that can't run inside of a transaction"
                )
                yield self._flush()
                yield TransactionGroup(self.file, 0, (statement,), Mode.ALONE)
            case _:
                adds_value = self.opened is None and bool(_ADDS_VALUE.match(words))
                if adds_value is not self.adding_values:
                    yield self._flush()
                self.adding_values = adds_value
                self.collected.append(statement)

    def _take_batched(
        self, statement: ParsedStatement, batched: BatchedUpdate
    ) -> Iterator[TransactionGroup]:
        self._require_outside(statement, "An UPDATE in batches, which has many transactions,")
        yield self._flush()
        yield TransactionGroup(self.file, 0, (statement,), Mode.BATCHES, batched=batched)

    def _require_outside(self, statement: ParsedStatement, what: str) -> None:
        if self.opened is not None:
            raise MigrationFileError(
                f"{what} can't be between BEGIN and COMMIT.",
                where=Location(line=statement.line),
                cure="Move it out of BEGIN and COMMIT.",
            )

    def _flush(self) -> TransactionGroup:
        begin = self.opened.text if self.opened else "BEGIN"
        group = TransactionGroup(self.file, 0, tuple(self.collected), begin=begin)
        self.collected = []
        self.adding_values = False
        return group


def _is_alone(statement: ParsedStatement, words: str) -> bool:
    if statement.head[0] == "do":
        return bool(_ENDS_INSIDE.search(statement.text))
    return bool(_ALONE.match(words))


def _refuse_what_cannot_be(statement: ParsedStatement, words: str) -> None:
    if re.match(r"abort\b|rollback\b(?!( work| transaction)? to\b)", words):
        raise _refused(statement, "ROLLBACK", "A migration is applied, or it fails: remove it.")
    if re.match(r"(prepare transaction|commit prepared)\b", words):
        raise _refused(statement, "A two-phase commit", "Use BEGIN and COMMIT.")
    if re.match(r"(commit|end)\b.* and chain\b", words):
        raise _refused(statement, "COMMIT AND CHAIN", "Write COMMIT; BEGIN; instead.")
    if re.match(r"discard all\b", words):
        raise _refused(statement, "DISCARD ALL", "It would release the deploy lock: remove it.")
    if _NAMELESS.match(words):
        raise _refused(
            statement,
            "CREATE INDEX CONCURRENTLY without a name",
            "Name the index: Berceau must find it after an interruption.",
        )


def _refused(statement: ParsedStatement, what: str, cure: str) -> MigrationFileError:
    return MigrationFileError(
        f"{what} can't be in a migration.", where=Location(line=statement.line), cure=cure
    )
