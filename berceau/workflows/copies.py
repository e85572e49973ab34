"""Copies of a schema for tests: what they are made from, and how a copy of it is recognised."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Self

from berceau.postgres.clone.definition import Definitions
from berceau.postgres.clone.reading import read
from berceau.postgres.clone.stamp import rows_stamp, stamp
from berceau.postgres.connection import Connection, describe_hosts
from berceau.postgres.ledger import LEDGER
from berceau.postgres.rows import delete_all
from berceau.postgres.url import Url
from berceau.workflows import fingerprint
from berceau.workflows.cache import SchemaCache
from berceau.workflows.databases import Databases

PREFIX = "berceau_test_"
KEPT = "berceau: kept to look at"
"""The comment of a copy that no run takes again; `invoke db.prune` drops it."""


class Isolation(StrEnum):
    """What a worker has to itself: a schema in the project's database, or a database."""

    SCHEMA = "schema"
    DATABASE = "database"


@dataclass(frozen=True)
class Prepared:
    """What all workers of a run need to know of the source.

    ``stamp`` tells that its catalogs are as they were, ``fingerprint`` that copies of it are.
    """

    isolation: Isolation
    stamp: str
    fingerprint: str

    def to_text(self) -> str:
        """Return it as text for another process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Return what ``to_text`` made a text of."""
        values = json.loads(text)
        return cls(Isolation(values["isolation"]), values["stamp"], values["fingerprint"])


@dataclass(frozen=True)
class Mark:
    """The comment of a complete copy, written last: of which source, and in which state."""

    source: str
    fingerprint: str
    footprint: str

    def to_text(self) -> str:
        """Return it as a comment."""
        return json.dumps({"berceau": "a copy for tests", **asdict(self)})

    @classmethod
    def from_text(cls, text: str | None) -> Self | None:
        """Return the mark that a comment is, if it is one."""
        try:
            values = json.loads(text or "")
            return cls(values["source"], values["fingerprint"], values["footprint"])
        except (ValueError, TypeError, LookupError):
            return None


@dataclass
class Private:
    """A worker's own copy: the URLs that lead there, and the owner's autocommit ``connection``.

    ``mark`` sets the comment that says what the copy is.
    """

    databases: Databases
    connection: Connection
    mark: Callable[[str], None]
    kept: bool = False

    @property
    def schema(self) -> str:
        """The name of the private schema."""
        return self.databases.owner.schema

    def empty(self) -> None:
        """Delete all rows of the private schema."""
        delete_all(self.connection)

    def keep(self) -> None:
        """Leave the copy and its rows to be looked at: no later run takes or changes it."""
        self.mark(KEPT)
        self.kept = True


@dataclass(frozen=True)
class _Known:
    """A fingerprint that was worked out before."""

    fingerprint: str


def look(connection: Connection, source: Url, cache: Path, isolation: Isolation) -> Prepared:
    """Find out what copies of the schema ``source`` have to be like.

    Definitions are read only where the catalogs changed since the last look. The connection is in
    autocommit mode. Raises ``CloneError`` for what can't be copied.
    """
    seen = f"{stamp(connection, source.schema)} {rows_stamp(connection, source.schema, LEDGER)}"
    causes, kind = (_identity(source), seen), _kind(source)

    def work_out() -> _Known:
        definitions = read_definitions(connection, source, cache, seen)
        texts = (text.replace(definitions.token, "") for text in definitions.texts)
        rows = seen.partition(" ")[2]
        return _Known(fingerprint.of_texts((fingerprint.of_berceau(), rows, *texts)))

    known = SchemaCache(cache).get(_Known, f"{kind}-fingerprint", causes, work_out)
    return Prepared(isolation, seen, known.fingerprint)


def read_definitions(connection: Connection, source: Url, cache: Path, seen: str) -> Definitions:
    """Return the definitions of ``source``, kept since the last time if its stamp is ``seen``."""
    return SchemaCache(cache).get(
        Definitions,
        _kind(source),
        (_identity(source), seen),
        lambda: read(connection, source.schema),
    )


def _kind(source: Url) -> str:
    return f"clone-{sha256(_identity(source).encode()).hexdigest()[:12]}"


def _identity(source: Url) -> str:
    return f"{source.user} {describe_hosts(source)} {source.database} {source.schema}"
