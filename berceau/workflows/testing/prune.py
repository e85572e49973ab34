"""Prune: test schemas, test databases and templates that no run holds are dropped."""

import re
from dataclasses import dataclass

from berceau.postgres.clone.databases import databases, databases_like, drop_database
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.core.locks import try_lock, unlock
from berceau.postgres.core.url import Url
from berceau.postgres.inspect.schemas import schemas_like
from berceau.workflows.testing.copies import PREFIX
from berceau.workflows.testing.slots import drop_copy
from berceau.workflows.testing.template import TEMPLATE_PREFIX, names_for

_COPY = re.compile(
    rf"(?:{PREFIX}(?P<copied>[0-9a-f]{{8}}_)[0-9a-f]{{4}}_[0-9]+"
    rf"|{TEMPLATE_PREFIX}(?P<template>[0-9a-f]{{8}}_)[0-9a-f]{{4}}_[0-9a-f]{{16}})"
)


@dataclass(frozen=True)
class Pruned:
    """The names of what was ``dropped``, and of what runs hold."""

    dropped: tuple[str, ...]
    held: tuple[str, ...]


def prune(migration_url: Url) -> Pruned:
    """Drop copies for tests that no process uses: all schemas, and databases of this source.

    Databases whose source is gone go with them, as do copies that somebody kept to look at. Those
    of other roles stay.
    """
    dropped, held = [], []
    with connect(migration_url, autocommit=True) as connection:
        for drop, names in (
            (drop_copy, schemas_like(connection, PREFIX)),
            (drop_database, _databases(connection, migration_url.database)),
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
    """Return the copies of ``database``, and those of which the server has no source any more.

    A run holds its copies by locks in their source: who uses those of another one isn't known.
    """
    theirs = {names_for(name) for name in databases(connection)} - {names_for(database)}
    copies = databases_like(connection, PREFIX) + databases_like(connection, TEMPLATE_PREFIX)
    found = {name: match for name in copies if (match := _COPY.fullmatch(name))}
    return tuple(name for name, m in found.items() if (m["copied"] or m["template"]) not in theirs)
