"""Whether a statement that runs outside of a transaction took effect: looked up, not remembered."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from berceau.errors import MigrationError
from berceau.migration.splitter import NAME, ParsedStatement
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute, fetch, fetch_value

_QUALIFIED = rf"{NAME}(?: \. {NAME})?"
_CREATE_INDEX = re.compile(
    rf"create (?:unique )?index concurrently (?:if not exists )?(?P<name>{NAME}) "
    rf"on (?:only )?(?P<table>{_QUALIFIED})"
)
_DROP_INDEX = re.compile(rf"drop index concurrently (?:if exists )?(?P<name>{_QUALIFIED})")
_REPEATABLE = re.compile(r"vacuum\b|reindex\b|cluster\b|alter system\b")

# Names are read, folded and cut by the server, as it does for the statement itself.
_INDEX = """
SELECT i.indexrelid::regclass::text, i.indisvalid,
       (SELECT p.pid FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)
FROM pg_class t JOIN pg_class c ON c.relnamespace = t.relnamespace
JOIN pg_index i ON i.indexrelid = c.oid AND i.indrelid = t.oid
WHERE t.oid = to_regclass(%(table)s)
  AND c.relname = (parse_ident(%(name)s))[1]::name
"""


class Trace(StrEnum):
    """What a statement left in the database."""

    NOTHING = "nothing"
    DONE = "done"
    BROKEN = "broken"


class Effect(Protocol):
    """What a statement leaves behind, and how a broken trace of it is cleared away."""

    def look(self, connection: Connection) -> Trace:
        """Look the trace up."""

    def clear(self, connection: Connection, *, concurrently: bool = True) -> None:
        """Clear a broken trace away, so that the statement can run again."""


@dataclass(frozen=True)
class IndexBuilt:
    """CREATE INDEX CONCURRENTLY: an interrupted one leaves an INVALID index of that name."""

    name: str
    table: str

    def look(self, connection: Connection) -> Trace:
        """Look for the index; raises ``MigrationError`` while somebody else builds it."""
        for _, valid, builder in fetch(connection, _INDEX, self._names):
            if builder is not None:
                raise MigrationError(
                    f"The index {self.name} is being built by another session (process {builder}).",
                    cure="Wait for it to end, then run the command again.",
                )
            return Trace.DONE if valid else Trace.BROKEN
        return Trace.NOTHING

    def clear(self, connection: Connection, *, concurrently: bool = True) -> None:
        """Drop the INVALID index."""
        drop = "DROP INDEX CONCURRENTLY " if concurrently else "DROP INDEX "
        for index, *_ in fetch(connection, _INDEX, self._names):  # quoted by the server
            execute(connection, drop + index)

    @property
    def _names(self) -> dict[str, str]:
        return {"name": self.name, "table": self.table}


@dataclass(frozen=True)
class IndexGone:
    """DROP INDEX CONCURRENTLY: an interrupted one leaves an index that can be dropped again."""

    name: str

    def look(self, connection: Connection) -> Trace:
        """Look whether the index is gone."""
        return (
            Trace.DONE
            if fetch_value(connection, "SELECT to_regclass(%s) IS NULL", (self.name,))
            else Trace.NOTHING
        )

    def clear(self, _: Connection, *, concurrently: bool = True) -> None:
        """Leave it: the statement itself can be run again."""


@dataclass(frozen=True)
class Repeatable:
    """VACUUM and the like: running it twice is as good as once."""

    def look(self, _: Connection) -> Trace:
        """Record that it is to be run."""
        return Trace.NOTHING

    def clear(self, _: Connection, *, concurrently: bool = True) -> None:
        """Leave it."""


def effect_of(statement: ParsedStatement) -> Effect | None:
    """Return what ``statement`` leaves behind, None where that can't be looked up."""
    words = " ".join(statement.head)
    if match := _CREATE_INDEX.match(words):
        return IndexBuilt(match["name"], match["table"].replace(" . ", "."))
    if match := _DROP_INDEX.match(words):
        return IndexGone(match["name"].replace(" . ", "."))
    if _REPEATABLE.match(words):
        return Repeatable()
    return None


def waits_for_transactions(statement: ParsedStatement) -> bool:
    """Return whether ``statement`` waits for old transactions, and blocks no reader or writer."""
    return "concurrently" in statement.head
