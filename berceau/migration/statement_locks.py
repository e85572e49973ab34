"""Which lock a statement of a file takes on a table that other sessions may use."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from berceau.migration.hazard_comments import hazards_above
from berceau.migration.migration import Migration
from berceau.migration.statement_lint import CREATED
from berceau.migration.statement_rules import TABLE
from berceau.migration.statement_words import unquoted, words
from berceau.migration.transaction_groups import Mode, cut
from berceau.schema.statement import Hazard, Lock

_ON = rf"on {TABLE}"
_WEAKER = (
    r"validate constraint|set statistics|attach partition|set \( (?:fillfactor|toast|autovacuum)"
)

# Manual, 13.3.1 and the pages of the commands; the first that matches counts.
_LOCKS = (
    (rf"^create (?:unique )?index concurrently .*?{_ON}", Lock.SHARE_UPDATE_EXCLUSIVE),
    (rf"^create (?:unique )?index .*?{_ON}", Lock.SHARE),
    (r"^drop index concurrently ", Lock.SHARE_UPDATE_EXCLUSIVE),
    (r"^drop index ", Lock.ACCESS_EXCLUSIVE),
    (rf"^create (?:or replace )?(?:constraint )?trigger .*?{_ON}", Lock.SHARE_ROW_EXCLUSIVE),
    (rf"^drop trigger .*?{_ON}", Lock.ACCESS_EXCLUSIVE),
    (rf"^alter table {TABLE} .*\b(?:{_WEAKER})\b", Lock.SHARE_UPDATE_EXCLUSIVE),
    (
        rf"^alter table {TABLE} .*\b(?:foreign key|(?:en|dis)able trigger)\b",
        Lock.SHARE_ROW_EXCLUSIVE,
    ),
    (rf"^alter table {TABLE} ", Lock.ACCESS_EXCLUSIVE),
    (
        rf"^(?:drop table|truncate(?: table)?|cluster|vacuum full|lock(?: table)?) {TABLE}",
        Lock.ACCESS_EXCLUSIVE,
    ),
    (rf"^(?:refresh materialized view|reindex(?: table)?) {TABLE}", Lock.ACCESS_EXCLUSIVE),
    (rf"^(?:update|insert into|delete from|merge into|copy) {TABLE}", Lock.ROW_EXCLUSIVE),
    (rf"^create table .*\breferences {TABLE}", Lock.SHARE_ROW_EXCLUSIVE),
    # What a block of code does isn't read: the strongest lock that it may take.
    (r"^do ", Lock.ACCESS_EXCLUSIVE),
    (rf"^(?:select|with) .*? from {TABLE}", Lock.ACCESS_SHARE),
)
_PATTERNS = tuple((re.compile(pattern), lock) for pattern, lock in _LOCKS)


@dataclass(frozen=True)
class Step:
    """A statement of a file as people read it: its place, its hazards, its strongest lock.

    ``line`` is counted from 1. ``table`` is the one that is locked, where the statement names it.
    ``mode`` is how its group is carried out.
    """

    text: str
    line: int
    hazards: tuple[Hazard, ...] = ()
    lock: Lock = Lock.NONE
    table: str = ""
    mode: Mode = Mode.TRANSACTION


def steps(migration: Migration) -> Iterator[Step]:
    """Yield what applying ``migration`` carries out, without its Python.

    A table that the same file creates has no other user yet, so locks on it aren't told. Raises
    ``MigrationFileError`` for SQL that can't be split into statements.
    """
    lines = migration.sql.splitlines()
    groups = [group for group in migration.groups if group.mode is not Mode.PYTHON]
    texts = [words(each) for group in groups for each in group.statements]
    created = {unquoted(match[1]) for text in texts if (match := CREATED.match(text))}
    for group in groups:
        for each in group.statements:
            lock, table = lock_of(words(each))
            if table in created:
                lock, table = Lock.NONE, ""
            hazards = tuple(sorted(hazards_above(each.line, lines)))
            yield Step(each.text, each.line, hazards, lock, table, group.mode)


def undo_steps(migration: Migration) -> Iterator[Step]:
    """Yield what undoing ``migration`` carries out; raises as ``steps``."""
    lines = migration.down.splitlines()
    for group in cut(migration.down, migration.file("down.sql")):
        for each in group.statements:
            lock, table = lock_of(words(each))
            hazards = tuple(sorted(hazards_above(each.line, lines)))
            yield Step(each.text, each.line, hazards, lock, table, group.mode)


def lock_of(text: str) -> tuple[Lock, str]:
    """Return the strongest lock of a statement, whose ``words`` are ``text``, and on which table.

    The table is empty where the statement names none.
    """
    for pattern, lock in _PATTERNS:
        match = pattern.match(text)
        if match is not None:
            table = match.groupdict().get("table")
            return lock, unquoted(table) if table else ""
    return Lock.NONE, ""
