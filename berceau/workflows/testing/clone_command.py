"""Schemas copied and dropped on demand; what is surely a mistake is refused."""

import os
from collections.abc import Sequence
from contextlib import ExitStack, closing
from functools import cache

from berceau.errors import CloneError, ConnectionFailedError, PermissionMissingError
from berceau.postgres.clone.cloning import clone
from berceau.postgres.clone.comparing import dependents
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.core.url import NAME_BYTES, Url
from berceau.postgres.inspect.schemas import drop_schema, require_schema, schema_exists, use_schema
from berceau.postgres.rows.rows import filled_tables
from berceau.postgres.tenants import registry
from berceau.workflows.shared.wording import counted


def clone_schema(
    migration_url: Url, source: str, target: str, allowed: Sequence[str] = ()
) -> tuple[str, ...]:
    """Make the new schema ``target`` an exact copy of ``source``, without rows.

    Returns sentences about what the role of ``migration_url`` has no right to copy. What may lead
    back to the source is refused, except where a pattern of ``allowed`` fits. Raises ``CloneError``
    or ``PermissionMissingError``.
    """
    _check_names(source, target)
    with ExitStack() as stack, connect(migration_url, autocommit=True) as connection:
        return clone(
            connection, source, target, allowed, cache(lambda: _another(migration_url, stack))
        )


def drop_clone(migration_url: Url, target: str, *, force: bool = False) -> None:
    """Drop the schema ``target`` and all that it holds.

    The application's own schema, rows in any other, and what needs it from outside are dropped
    only with ``force``, and that of a tenant never. Raises ``CloneError`` or
    ``PermissionMissingError``.
    """
    _require_ordinary(target)
    with connect(migration_url, autocommit=True) as connection:
        if not schema_exists(connection, target):
            raise CloneError(f"There is no schema {target!r}.", cure="Correct the name.")
        require_schema(connection, target)
        for tenant in registry.read(connection):
            if tenant.schema == target:
                raise CloneError(
                    f"{target!r} is the schema of the tenant {tenant}.",
                    cure=f"Drop the tenant: `invoke tenant.drop {tenant}`.",
                )
        if not force:
            _require_expendable(connection, migration_url, target)
        drop_schema(connection, target)


def _another(migration_url: Url, stack: ExitStack) -> Connection | None:
    """Return one more connection, unless there is one processor or no connection is left."""
    if (os.cpu_count() or 1) < 2:
        return None
    try:
        connection = stack.enter_context(closing(connect(migration_url)))
    except (ConnectionFailedError, PermissionMissingError):
        return None
    connection.autocommit = True
    return connection


def _check_names(source: str, target: str) -> None:
    if source == target:
        raise CloneError(
            f"Source and target are the same schema, {source!r}.",
            cure="Choose another target: a copy is always a new schema.",
        )
    for name in (source, target):
        _require_ordinary(name)
    if not target or len(target.encode()) > NAME_BYTES or "\0" in target:
        raise CloneError(
            f"No schema can be called {target!r}.",
            cure=f"A name has 1 to {NAME_BYTES} bytes.",
        )


def _require_ordinary(name: str) -> None:
    if name.startswith("pg_") or name == "information_schema":
        raise CloneError(
            f"The schema {name!r} is PostgreSQL's own.", cure="Name a schema of the application."
        )


def _require_expendable(connection: Connection, migration_url: Url, target: str) -> None:
    if target == migration_url.schema:
        raise CloneError(
            f"{target!r} is the application's own schema.",
            cure="Add --force to drop it and all its data.",
        )
    use_schema(connection, target)
    filled = filled_tables(connection)
    if filled:
        raise CloneError(
            f"The schema {target!r} holds rows in {counted(len(filled), 'table')}: "
            f"{_some(filled)}.",
            cure="Add --force to drop it with them.",
        )
    others = dependents(connection, target)
    if others:
        raise CloneError(
            f"What other schemas hold needs the schema {target!r}: {_some(others)}.",
            cure="Add --force to drop that, too.",
        )


def _some(names: Sequence[str]) -> str:
    return ", ".join((*names[:5], *(["..."] if len(names) > 5 else [])))
