"""Databases of their own for test processes, copied from a template that is made once."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from hashlib import sha256

from berceau.errors import DatabaseError, PermissionMissingError
from berceau.postgres.clone.databases import (
    close_to_others,
    comment_database,
    create_copy,
    create_empty,
    database_comment,
    databases_like,
    drop_database,
    may_create,
)
from berceau.postgres.clone.filling import fill_together
from berceau.postgres.clone.neighbours import neighbours
from berceau.postgres.clone.surroundings import (
    make_after,
    make_before,
    read_surroundings,
    role_settings,
    set_up_database,
)
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.core.locks import await_lock, unlock
from berceau.postgres.core.url import Url
from berceau.postgres.inspect.scratch import PREFIX as SCRATCH_PREFIX
from berceau.settings import Settings
from berceau.workflows.shared.databases import Databases, embedded_server
from berceau.workflows.testing import tenants
from berceau.workflows.testing.copies import (
    PREFIX,
    CopyLabel,
    Isolation,
    Prepared,
    Private,
    look,
    read_definitions,
)
from berceau.workflows.testing.slots import is_fresh, state_of, take, turn

TEMPLATE_PREFIX = "berceau_template_"
LOOK_SECONDS = 1.0


@contextmanager
def database_slot(source: Databases, prepared: Prepared, settings: Settings) -> Iterator[Private]:
    """Hold a database of its own while the body runs; its schemas are called as in the source."""
    with connect(source.migration_url, autocommit=True) as guard:
        name = take(guard, name_of(source.migration_url), lambda n: database_comment(guard, n))
        own = Databases(
            _in_copy(guard, source.runtime_url, name),
            _in_copy(guard, source.migration_url, name),
            False,
        )
        if not _is_fresh(guard, own.migration_url, prepared):
            _make(guard, name, source, prepared, settings)
        with connect(own.migration_url, autocommit=True) as connection:
            yield Private(
                own,
                connection,
                lambda comment: comment_database(guard, name, comment),
                f"--database {name}",
                tenants=tenants.made(connection, prepared.all_schemas, prepared.tenants),
            )


def prepare_databases(
    connection: Connection, source: Databases, settings: Settings, isolation: Isolation
) -> Prepared:
    """Find out what databases for tests have to be like, and make their template.

    Raises ``DatabaseError`` where they can't be had: ``PermissionMissingError`` where only an
    administrator could make them, ``CloneError`` for what can't be copied.
    """
    if isolation is Isolation.AUTO and source.runtime_url.pooled:
        raise DatabaseError("A pooler stands before the server, and knows no other database.")
    _allow(connection, source, settings)
    schema = source.migration_url.schema
    others = neighbours(connection, schema, without=(PREFIX, SCRATCH_PREFIX))
    around = (*read_surroundings(connection, (schema, *others)).texts(), *tenants.texts(settings))
    found = look(
        connection, source.migration_url, settings.cache, Isolation.DATABASE, others, around
    )
    found = replace(found, tenants=tenants.schemas(settings, schema))
    await_template(connection, source, found, settings)
    return found


def _allow(connection: Connection, source: Databases, settings: Settings) -> None:
    if may_create(connection):
        return
    if not source.embedded:
        role = source.migration_url.user
        raise PermissionMissingError(
            f"Tests are to have databases of their own, and the role {role!r} may not create any.",
            cure=f'As an administrator: ALTER ROLE "{role}" CREATEDB. Or let tests have schemas: '
            "set berceau_isolation to schema.",
        )
    embedded_server(settings).allow_databases()


def names_for(database: str) -> str:
    """Return what is in the names of all copies of schemas of ``database``: names are server-wide.

    Locks aren't: a run on another database can't see who holds these.
    """
    return sha256(database.encode()).hexdigest()[:8] + "_"


def databases_of(connection: Connection, source: Url) -> tuple[str, ...]:
    """Return the names of all databases that were made for tests of the schema of ``source``."""
    return databases_like(connection, name_of(source)) + databases_like(
        connection, TEMPLATE_PREFIX + _database_part(source)
    )


def _database_part(source: Url) -> str:
    return names_for(source.database) + sha256(source.schema.encode()).hexdigest()[:4] + "_"


def name_of(source: Url, slot: str = "") -> str:
    """Return what a database for tests of the schema of ``source`` is called."""
    return f"{PREFIX}{_database_part(source)}{slot}"


def template_of(source: Url, prepared: Prepared) -> str:
    """Return what the template of such databases is called."""
    return f"{TEMPLATE_PREFIX}{_database_part(source)}{prepared.fingerprint[:16]}"


def _in_copy(guard: Connection, url: Url, name: str) -> Url:
    """Return ``url`` for the database ``name``, with what is set for its role in the source."""
    found = role_settings(guard, url.user)
    own = url.with_database(name)
    return own.with_options(found) if found else own


def _is_fresh(guard: Connection, own: Url, prepared: Prepared) -> bool:
    label = CopyLabel.from_text(database_comment(guard, own.database))
    if label is None or label.fingerprint != prepared.fingerprint:
        return False
    with connect(own, autocommit=True) as connection:
        return is_fresh(connection, prepared.all_schemas, label, prepared)


def _make(
    guard: Connection, name: str, source: Databases, prepared: Prepared, settings: Settings
) -> None:
    drop_database(guard, name)
    label = await_template(guard, source, prepared, settings)
    with turn(guard, name):
        template = template_of(source.migration_url, prepared)
        while not create_copy(guard, name, template):
            label = await_template(guard, source, prepared, settings)
    set_up_database(guard, name, read_surroundings(guard, prepared.schemas))
    # The oids of a copied database are the template's, and so are its fingerprints.
    comment_database(guard, name, label.to_text())


def await_template(
    guard: Connection, source: Databases, prepared: Prepared, settings: Settings
) -> CopyLabel:
    """Return the label of the template, which one of all processes makes where it is missing."""
    template = template_of(source.migration_url, prepared)
    while True:
        label = CopyLabel.from_text(database_comment(guard, template))
        if label is not None:
            return label
        if await_lock(guard, template, LOOK_SECONDS):
            try:
                if CopyLabel.from_text(database_comment(guard, template)) is None:
                    _make_template(guard, template, source, prepared, settings)
            finally:
                unlock(guard, template)


def _make_template(
    guard: Connection, template: str, source: Databases, prepared: Prepared, settings: Settings
) -> None:
    for old in databases_like(guard, TEMPLATE_PREFIX + _database_part(source.migration_url)):
        drop_database(guard, old)  # of earlier states of the source, or half made
    create_empty(guard, template)
    try:
        label = _fill_template(guard, template, source, prepared, settings)
    except DatabaseError:
        with suppress(DatabaseError):  # the next run drops what stays, as it has no label
            drop_database(guard, template)
        raise
    close_to_others(guard, template)
    comment_database(guard, template, label.to_text())


def _fill_template(
    guard: Connection, template: str, source: Databases, prepared: Prepared, settings: Settings
) -> CopyLabel:
    migration_url = source.migration_url.with_database(template)
    around = read_surroundings(guard, prepared.schemas)
    definitions = [
        read_definitions(
            guard,
            source.migration_url.with_schema(name),
            settings.cache,
            schema_fingerprint,
            prepared.isolation,
        )
        for name, schema_fingerprint in prepared.schema_fingerprints.items()
    ]
    with ExitStack() as stack:

        def admin() -> Connection | None:
            if not source.embedded:
                return None
            url = replace(
                embedded_server(settings).admin_url(template), schema=migration_url.schema
            )
            return stack.enter_context(closing(connect(url, autocommit=True)))

        connection = stack.enter_context(connect(migration_url, autocommit=True))
        make_before(connection, around, prepared.schemas, admin)
        fill_together(connection, definitions)
        make_after(connection, around, admin)
        tenants.make(settings, source.runtime_url.with_database(template), migration_url)
        state = state_of(connection, prepared.all_schemas)
    connect(source.runtime_url.with_database(template)).close()  # or tests couldn't, either
    return CopyLabel(source.migration_url.schema, prepared.fingerprint, state)
