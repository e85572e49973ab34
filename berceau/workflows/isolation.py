"""Isolation: a private copy of the migrated schema for one test process."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from itertools import count

from berceau.errors import HistoryError
from berceau.postgres.clone import clone
from berceau.postgres.connection import Connection, connect
from berceau.postgres.locks import try_lock, unlock
from berceau.postgres.roles import grant_data_rights
from berceau.postgres.rows import delete_all
from berceau.postgres.schemas import comment_schema, drop_schema, schema_comment
from berceau.settings import Settings
from berceau.workflows import scripts as folder
from berceau.workflows.databases import Databases, databases
from berceau.workflows.deploy import deploy, history

PREFIX = "berceau_test_"
KEPT = "berceau: kept to look at"
"""The comment of a schema that no run takes again; `invoke db.prune` drops it."""


class Isolation(StrEnum):
    """What a worker has to itself: a schema in the project's database, or a database."""

    SCHEMA = "schema"
    DATABASE = "database"


@dataclass
class Private:
    """A worker's own copy: the URLs that lead there, and the owner's autocommit ``connection``.

    The copy is the worker's as long as the connection is open, which holds its lock.
    """

    databases: Databases
    connection: Connection
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
        comment_schema(self.connection, self.schema, KEPT)
        self.kept = True


def prepare(settings: Settings, isolation: Isolation = Isolation.SCHEMA) -> str:
    """Get the source of all copies ready, once for a run; return what its workers need to know.

    The embedded server is started and migrated. The text is for `private_schema`, in this process
    or in another. Raises ``HistoryError`` where a configured database lacks migrations.
    """
    _require_migrated(databases(settings), settings)
    return isolation.value


@contextmanager
def private_schema(
    settings: Settings, prepared: str | None = None, isolation: Isolation = Isolation.SCHEMA
) -> Iterator[Private]:
    """Give this process a copy of the project's migrated schema, without rows, while the body runs.

    ``prepared`` is what `prepare` returned in the controlling process; without it that is done
    here. The copy takes the first free name, under a lock that dies with this process: any number
    of runs share a server, and a killed one leaves nothing that the next one trips over. Raises
    what `prepare` does.
    """
    if prepared is None:
        prepare(settings, isolation)
    source = databases(settings)
    with connect(source.owner) as connection:
        connection.autocommit = True
        name = _take_name(connection)
        private = Private(
            Databases(
                source.runtime.with_schema(name), source.owner.with_schema(name), embedded=False
            ),
            connection,
        )
        try:
            clone(connection, source.owner.schema, name)
            grant_data_rights(connection, name, source.runtime.user)
            yield private
        finally:
            if not private.kept:
                drop_schema(connection, name)


def _require_migrated(source: Databases, settings: Settings) -> None:
    scripts = folder.read(settings.migrations)
    if source.embedded:
        deploy(source.owner, scripts)
        return
    pending = history(source.owner, scripts).pending
    if pending:
        raise HistoryError(
            f"The tests' schema is copied from {source.owner.schema}, which lacks "
            f"{', '.join(script.name for script in pending)}.",
            cure="Run `invoke migrate.deploy` first.",
        )


def _take_name(connection: Connection) -> str:
    """Return the first name whose lock is free and whose schema nobody kept, locked."""
    for name in (f"{PREFIX}{n}" for n in count(1)):
        if try_lock(connection, name):
            if schema_comment(connection, name) != KEPT:
                return name
            unlock(connection, name)
    raise AssertionError
