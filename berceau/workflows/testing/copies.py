"""Copies of a schema for tests: what they are made from, and how a copy of it is recognised."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Self

from berceau.postgres.clone.cloning import require_apart
from berceau.postgres.clone.definition import Definitions
from berceau.postgres.clone.fingerprint import rows_fingerprint, schema_fingerprint
from berceau.postgres.clone.parsing import version
from berceau.postgres.clone.reading import read
from berceau.postgres.clone.references import Reference
from berceau.postgres.core.connection import Connection, describe_hosts
from berceau.postgres.core.own_tables import LEDGER
from berceau.postgres.core.url import Url
from berceau.postgres.rows.rows import delete_all
from berceau.tenancy import Tenant
from berceau.workflows.shared import fingerprint
from berceau.workflows.shared.cache import SchemaCache
from berceau.workflows.shared.databases import Databases

PREFIX = "berceau_test_"
KEPT = "berceau: kept to look at"
"""The comment of a copy that no run takes again; `invoke db.prune` drops it."""


class Isolation(StrEnum):
    """What a worker has to itself: a schema in the project's database, or a database.

    ``AUTO`` is a database where one can be made, and else a schema.
    """

    AUTO = "auto"
    DATABASE = "database"
    SCHEMA = "schema"


@dataclass(frozen=True)
class Prepared:
    """What all workers of a run need to know of the source.

    ``isolation`` is no longer ``AUTO``. ``schema_fingerprints`` has one of the catalogs of each
    schema to copy, of which the source is the first. Copies with another ``fingerprint`` are stale.
    ``tenants`` are the schemas of the tenants that are made in a copy.
    """

    isolation: Isolation
    schema_fingerprints: dict[str, str]
    fingerprint: str
    tenants: tuple[str, ...] = ()

    @property
    def all_schemas(self) -> tuple[str, ...]:
        """The names of the schemas that a copy has."""
        return (*self.schemas, *self.tenants)

    @property
    def schemas(self) -> tuple[str, ...]:
        """The names of the schemas to copy."""
        return tuple(self.schema_fingerprints)

    def to_text(self) -> str:
        """Return it as text for another process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Return what ``to_text`` made a text of."""
        values = json.loads(text)
        return cls(
            Isolation(values["isolation"]),
            values["schema_fingerprints"],
            values["fingerprint"],
            tuple(values["tenants"]),
        )


@dataclass(frozen=True)
class CopyLabel:
    """The comment of a complete copy, written last: of which source, and in which state."""

    source: str
    fingerprint: str
    objects_fingerprint: str

    def to_text(self) -> str:
        """Return it as a comment."""
        return json.dumps({"berceau": "a copy for tests", **asdict(self)})

    @classmethod
    def from_text(cls, text: str | None) -> Self | None:
        """Return the label that a comment is, if it is one."""
        try:
            values = json.loads(text or "")
            return cls(values["source"], values["fingerprint"], values["objects_fingerprint"])
        except (ValueError, TypeError, LookupError):
            return None


@dataclass
class Private:
    """A worker's own copy: the URLs that lead there, and the owner's autocommit ``connection``.

    ``label`` sets the comment that describes the copy; with ``option``, `invoke db.shell` opens
    it. Its ``tenants`` are in their ``schemas`` beside the shared one.
    """

    databases: Databases
    connection: Connection
    label: Callable[[str], None]
    option: str
    kept: bool = False
    tenants: tuple[Tenant, ...] = ()

    @property
    def schema(self) -> str:
        """The name of the private schema."""
        return self.databases.migration_url.schema

    def empty(self) -> None:
        """Delete all rows of the private schema."""
        delete_all(self.connection)

    def keep(self) -> None:
        """Leave the copy and its rows to be looked at: no later run takes or changes it."""
        self.label(KEPT)
        self.kept = True


@dataclass(frozen=True)
class _Known:
    """A fingerprint that was worked out before, and what may lead from copies to the source."""

    fingerprint: str
    references: tuple[Reference, ...]


def look(
    connection: Connection,
    source: Url,
    cache: Path,
    isolation: Isolation,
    schemas: Sequence[str] = (),
    around: Sequence[str] = (),
    allowed: Sequence[str] = (),
) -> Prepared:
    """Find out what copies of the schema ``source``, and of ``schemas`` with it, have to be like.

    ``around`` is what else copies are made from. Definitions are read only where the catalogs
    changed since the last look. The connection is in autocommit mode. Raises ``CloneError`` for
    what can't be copied, and, unless ``allowed``, for what may lead from a schema to its source.
    """
    rows = rows_fingerprint(connection, source.schema, LEDGER)
    schema_fingerprints = {
        name: f"{schema_fingerprint(connection, name)}{f' {rows}' if name == source.schema else ''}"
        for name in (source.schema, *schemas)
    }
    causes, kind = (
        (_address(source), version(), *schema_fingerprints, *schema_fingerprints.values(), *around),
        _kind(source, isolation),
    )

    def work_out() -> _Known:
        every = [
            read_definitions(connection, source.with_schema(name), cache, seen, isolation)
            for name, seen in schema_fingerprints.items()
        ]
        texts = (text.replace(each.token, "") for each in every for text in each.texts)
        found = fingerprint.of_texts((fingerprint.of_berceau(), rows, *around, *texts))
        return _Known(found, tuple(one for each in every for one in each.references))

    known = SchemaCache(cache).get(_Known, f"{kind}-fingerprint", causes, work_out)
    require_apart(source.schema, known.references, allowed, _apart(source))
    return Prepared(isolation, schema_fingerprints, known.fingerprint)


def _apart(source: Url) -> str:
    return (
        f'As an administrator, run ALTER ROLE "{source.user}" CREATEDB. Then tests have their own '
        "databases, where every name stays the same. Or, if these objects may use the source, list "
        "them in pytest's settings: berceau_allow_references = NAME ..."
    )


def read_definitions(
    connection: Connection, source: Url, cache: Path, seen: str, isolation: Isolation
) -> Definitions:
    """Return the definitions of ``source``, kept from the last time if that found ``seen``, too."""
    return SchemaCache(cache).get(
        Definitions,
        _kind(source, isolation),
        (_address(source), seen, version()),
        lambda: read(connection, source.schema, renamed=isolation is Isolation.SCHEMA),
    )


def _kind(source: Url, isolation: Isolation) -> str:
    return f"clone-{isolation}-{sha256(_address(source).encode()).hexdigest()[:12]}"


def _address(source: Url) -> str:
    return f"{source.user} {describe_hosts(source)} {source.database} {source.schema}"
