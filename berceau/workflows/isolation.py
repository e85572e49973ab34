"""Isolation: a private copy of the migrated schema for one test process."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

from berceau.errors import HistoryError
from berceau.postgres.clone import clone
from berceau.postgres.connection import Connection, connect
from berceau.postgres.locks import try_lock
from berceau.postgres.roles import grant_data_rights
from berceau.postgres.rows import delete_all
from berceau.postgres.schemas import drop_schema
from berceau.settings import Settings
from berceau.workflows import scripts as folder
from berceau.workflows.databases import Databases, databases
from berceau.workflows.deploy import deploy, history

PREFIX = "berceau_test_"


@dataclass(frozen=True)
class Private:
    """The URLs of a private schema, and a way to empty it."""

    databases: Databases
    connection: Connection

    def empty(self) -> None:
        """Delete all rows of the private schema."""
        delete_all(self.connection)


@contextmanager
def private_schema(settings: Settings) -> Iterator[Private]:
    """Clone the project's migrated schema for as long as the body runs.

    The copy takes the first free name, under a lock that dies with this process: any number of
    runs share a server, and a killed one leaves nothing that the next one trips over. Raises
    ``HistoryError`` where a configured database lacks migrations.
    """
    source = databases(settings)
    _require_migrated(source, settings)
    with connect(source.owner) as connection:
        connection.autocommit = True
        name = _take_name(connection)
        try:
            clone(connection, source.owner.schema, name)
            grant_data_rights(connection, name, source.runtime.user)
            copy = Databases(
                source.runtime.with_schema(name), source.owner.with_schema(name), embedded=False
            )
            yield Private(copy, connection)
        finally:
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
    return next(name for name in (f"{PREFIX}{n}" for n in count(1)) if try_lock(connection, name))
