"""Databases of their own for test processes, copied from a template that is made once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256

from berceau.errors import PermissionMissingError
from berceau.postgres.clone.cloning import fill
from berceau.postgres.clone.databases import (
    close_to_others,
    comment_database,
    copy_default_grants,
    copy_extensions,
    create_copy,
    create_empty,
    database_comment,
    databases_like,
    drop_database,
    may_create,
)
from berceau.postgres.clone.stamp import footprint
from berceau.postgres.connection import Connection, connect
from berceau.postgres.locks import await_lock, unlock
from berceau.postgres.schemas import create_schema, schema_exists, use_schema
from berceau.postgres.url import Url
from berceau.settings import Settings
from berceau.workflows.copies import PREFIX, Mark, Prepared, Private, read_definitions
from berceau.workflows.databases import Databases, embedded_server
from berceau.workflows.slots import is_fresh, take, turn

TEMPLATE_PREFIX = "berceau_template_"
LOOK_SECONDS = 1.0


@contextmanager
def database_slot(source: Databases, prepared: Prepared, settings: Settings) -> Iterator[Private]:
    """Hold a database of its own while the body runs; its schema is called as in the source."""
    with connect(source.owner) as guard:
        guard.autocommit = True
        name = take(guard, PREFIX + _digest(source.owner), lambda n: database_comment(guard, n))
        own = Databases(
            replace(source.runtime, database=name),
            replace(source.owner, database=name),
            embedded=False,
        )
        if not _is_fresh(guard, own.owner, prepared):
            _make(guard, name, source, prepared, settings)
        with connect(own.owner) as connection:
            connection.autocommit = True
            use_schema(connection, own.owner.schema)
            yield Private(own, connection, lambda comment: comment_database(guard, name, comment))


def allow_databases(connection: Connection, source: Databases, settings: Settings) -> None:
    """See to it that the owner, whose ``connection`` this is, may create databases.

    Raises ``PermissionMissingError`` where only an administrator can.
    """
    if may_create(connection):
        return
    if not source.embedded:
        raise PermissionMissingError(
            f"Tests are to have databases of their own, and the role {source.owner.user!r} may not "
            "create any.",
            cure=f'As an administrator: ALTER ROLE "{source.owner.user}" CREATEDB. Or let tests '
            "have schemas: set berceau_isolation to schema.",
        )
    embedded_server(settings).allow_databases()


def names_for(database: str) -> str:
    """Return what is in the names of all copies of schemas of ``database``: names are server-wide.

    Locks aren't: a run on another database can't see who holds these.
    """
    return sha256(database.encode()).hexdigest()[:8] + "_"


def _digest(source: Url) -> str:
    return names_for(source.database) + sha256(source.schema.encode()).hexdigest()[:4] + "_"


def _template(source: Databases, prepared: Prepared) -> str:
    return f"{TEMPLATE_PREFIX}{_digest(source.owner)}{prepared.fingerprint[:16]}"


def _is_fresh(guard: Connection, own: Url, prepared: Prepared) -> bool:
    mark = Mark.from_text(database_comment(guard, own.database))
    if mark is None or mark.fingerprint != prepared.fingerprint:
        return False
    with connect(own) as connection:
        connection.autocommit = True
        return is_fresh(connection, own.schema, mark, prepared)


def _make(
    guard: Connection, name: str, source: Databases, prepared: Prepared, settings: Settings
) -> None:
    drop_database(guard, name)
    mark = await_template(guard, source, prepared, settings)
    with turn(guard, name):
        template = _template(source, prepared)
        while not create_copy(guard, name, template, source.runtime.user):
            mark = await_template(guard, source, prepared, settings)
    # The oids of a copied database are the template's, and so is its footprint.
    comment_database(guard, name, mark.to_text())


def await_template(
    guard: Connection, source: Databases, prepared: Prepared, settings: Settings
) -> Mark:
    """Return the mark of the template, which one of all processes makes where it is missing."""
    template = _template(source, prepared)
    while True:
        mark = Mark.from_text(database_comment(guard, template))
        if mark is not None:
            return mark
        if await_lock(guard, template, LOOK_SECONDS):
            try:
                if Mark.from_text(database_comment(guard, template)) is None:
                    _make_template(guard, template, source, prepared, settings)
            finally:
                unlock(guard, template)


def _make_template(
    guard: Connection, template: str, source: Databases, prepared: Prepared, settings: Settings
) -> None:
    owner = source.owner
    definitions = read_definitions(guard, owner, settings.cache, prepared.stamp)
    for old in databases_like(guard, TEMPLATE_PREFIX + _digest(owner)):
        drop_database(guard, old)  # of earlier states of the source, or half made
    create_empty(guard, template)
    with connect(replace(owner, database=template)) as connection:
        connection.autocommit = True
        copy_default_grants(guard, connection)
        copy_extensions(guard, connection)
        if not schema_exists(connection, owner.schema):
            create_schema(connection, owner.schema)
        fill(connection, definitions, owner.schema, guard)
        mark = Mark(owner.schema, prepared.fingerprint, footprint(connection, owner.schema))
    close_to_others(guard, template)
    comment_database(guard, template, mark.to_text())
