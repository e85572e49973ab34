"""Prune: test schemas, test databases and templates that no run holds are dropped."""

from dataclasses import dataclass

from berceau.postgres.clone.databases import databases_like, drop_database
from berceau.postgres.connection import Connection, connect
from berceau.postgres.locks import try_lock, unlock
from berceau.postgres.schemas import drop_schema, schemas_like
from berceau.postgres.url import Url
from berceau.workflows.copies import PREFIX
from berceau.workflows.template import TEMPLATE_PREFIX, names_for


@dataclass(frozen=True)
class Pruned:
    """The names of what was ``dropped``, and of what runs hold."""

    dropped: tuple[str, ...]
    held: tuple[str, ...]


def prune(owner: Url) -> Pruned:
    """Drop the copies for tests that nobody uses: all schemas, and the databases of this source.

    Copies that somebody kept to look at go, too. Those of other roles stay.
    """
    dropped, held = [], []
    with connect(owner) as connection:
        connection.autocommit = True
        for drop, names in (
            (drop_schema, schemas_like(connection, PREFIX)),
            (drop_database, _databases(connection, owner.database)),
        ):
            for name in names:
                if try_lock(connection, name):
                    drop(connection, name)
                    unlock(connection, name)
                    dropped.append(name)
                else:
                    held.append(name)
    return Pruned(tuple(dropped), tuple(held))


def _databases(connection: Connection, database: str) -> tuple[str, ...]:
    copies = databases_like(connection, PREFIX + names_for(database))
    return copies + databases_like(connection, TEMPLATE_PREFIX + names_for(database))
