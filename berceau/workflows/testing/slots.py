"""Slots for copies of a schema: each is one worker's for as long as it holds the slot's lock."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from itertools import count

from berceau.postgres.clone.cloning import fill
from berceau.postgres.clone.fingerprint import objects_fingerprint
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.core.locks import await_lock, try_lock, unlock
from berceau.postgres.inspect.schemas import (
    comment_schema,
    create_schema,
    drop_schema,
    schema_comment,
    use_schema,
)
from berceau.postgres.rows.rows import delete_all, filled_tables
from berceau.settings import Settings
from berceau.workflows.shared.databases import Databases
from berceau.workflows.testing import tenants
from berceau.workflows.testing.copies import (
    KEPT,
    PREFIX,
    CopyLabel,
    Prepared,
    Private,
    read_definitions,
)

TURN_SECONDS = 10.0


@contextmanager
def schema_slot(source: Databases, prepared: Prepared, settings: Settings) -> Iterator[Private]:
    """Hold a schema of its own in the source's database while the body runs; it is up to date."""
    with connect(source.migration_url, autocommit=True) as connection:
        name = take(
            connection,
            slots_of(source.migration_url.schema),
            lambda n: schema_comment(connection, n),
        )
        label = CopyLabel.from_text(schema_comment(connection, name))
        theirs = tenants.schemas(settings, name)
        if not (label and is_fresh(connection, [name, *theirs], label, prepared)):
            _make(connection, name, source, prepared, settings)
        own = Databases(
            source.runtime_url.with_schema(name),
            source.migration_url.with_schema(name),
            embedded=False,
        )
        yield Private(
            own,
            connection,
            lambda comment: comment_schema(connection, name, comment),
            f"--schema {name}",
            tenants=tenants.made(connection, [name, *theirs], theirs),
        )


def slots_of(schema: str) -> str:
    """Return how the names of all slots for copies of ``schema`` begin."""
    return f"{PREFIX}{sha256(schema.encode()).hexdigest()[:8]}_"


def take(connection: Connection, prefix: str, comment_of: Callable[[str], str | None]) -> str:
    """Return the name of the first slot that is free, and whose copy wasn't kept; locked."""
    for name in (f"{prefix}{n}" for n in count(1)):
        if try_lock(connection, name):
            if comment_of(name) != KEPT:
                return name
            unlock(connection, name)
    raise AssertionError


@contextmanager
def turn(connection: Connection, slot: str) -> Iterator[None]:
    """Run the body, which makes the copy in ``slot``, with no more of them at once than processors.

    More take longer in all, as each server process has to follow what the others create. Who
    waits too long goes on: a process that was stopped may hold the turn.
    """
    number = int(slot.rpartition("_")[2]) % (os.cpu_count() or 1)
    name = f"turn {number}"
    mine = await_lock(connection, name, TURN_SECONDS)
    try:
        yield
    finally:
        if mine and not connection.closed:
            unlock(connection, name)


def state_of(connection: Connection, schemas: Sequence[str]) -> str:
    """Return a text that is another one once something in ``schemas`` was altered."""
    return " ".join(objects_fingerprint(connection, schema) for schema in schemas)


def is_fresh(
    connection: Connection, schemas: Sequence[str], label: CopyLabel, prepared: Prepared
) -> bool:
    """Return whether the copy is of today's source and as it was made; empty it if so."""
    if label.fingerprint != prepared.fingerprint or label.objects_fingerprint != state_of(
        connection, schemas
    ):
        return False
    use_schema(connection, *schemas)
    delete_all(connection)
    return not filled_tables(connection)


def _make(
    connection: Connection, name: str, source: Databases, prepared: Prepared, settings: Settings
) -> None:
    migration_url = source.migration_url
    definitions = read_definitions(
        connection,
        migration_url,
        settings.cache,
        prepared.schema_fingerprints[migration_url.schema],
        prepared.isolation,
    )
    if schema_comment(connection, name) is not None:
        comment_schema(connection, name, None)  # half dropped it is no copy any more
    drop_copy(connection, name)
    with turn(connection, name):
        create_schema(connection, name)
        fill(connection, definitions, name)
        tenants.make(
            settings, source.runtime_url.with_schema(name), migration_url.with_schema(name)
        )
    state = state_of(connection, [name, *tenants.schemas(settings, name)])
    label = CopyLabel(migration_url.schema, prepared.fingerprint, state)
    comment_schema(connection, name, label.to_text())


def drop_copy(connection: Connection, name: str) -> None:
    """Drop the slot ``name``, with the schemas that belong to it."""
    tenants.drop(connection, name)
    drop_schema(connection, name)
