"""How Pony names, types and reaches things in PostgreSQL for Berceau."""

from collections.abc import Iterable
from datetime import datetime, time
from decimal import Decimal
from enum import Enum
from functools import cached_property
from time import perf_counter
from typing import Any, ClassVar
from uuid import UUID

from pony.orm import Json
from pony.orm.core import DataError, IntegrityError, InternalError, local
from pony.orm.dbapiprovider import wrap_dbapi_exceptions
from pony.orm.dbproviders.postgres import PGProvider

from berceau.errors import CommitUnknownError
from berceau.orm.bounds import CONVERTERS
from berceau.orm.constraints import Constraints, violation
from berceau.orm.failures import is_internal, is_lost
from berceau.orm.naming import default_name
from berceau.orm.pool import BerceauPool
from berceau.orm.refusals import check_sql, has_unstorable_text, unstorable
from berceau.orm.statistics import note
from berceau.orm.tenant_tables import asked_of_shared
from berceau.orm.tenants import current_tenant
from berceau.orm.translator import Builder, Translator
from berceau.orm.types import (
    ArrayConverter,
    AwareDatetimeConverter,
    EnumConverter,
    JsonConverter,
    RoundedDecimalConverter,
    UuidConverter,
    WallTimeConverter,
)
from berceau.orm.unit import UnitOfWork, current_unit
from berceau.schema.names import free_name, object_name
from berceau.tenancy import SHARED

# Where the position of a commit can't be asked for, no replica is near enough.
UNREACHED = "FFFFFFFF/FFFFFFFF"


class BerceauProvider(PGProvider):
    """Berceau's rules for names and types; ``database.bind(BerceauProvider)`` needs no server."""

    converter_classes: ClassVar = [
        (Enum, EnumConverter),
        (datetime, AwareDatetimeConverter),
        (Decimal, RoundedDecimalConverter),
        (UUID, UuidConverter),
        (time, WallTimeConverter),
        (Json, JsonConverter),
        *((kind, CONVERTERS.get(each, each)) for kind, each in PGProvider.converter_classes),
    ]
    array_converter_cls = ArrayConverter
    translator_cls = Translator
    sqlbuilder_cls = Builder

    def __init__(self, database: Any, pony_call_on_connect: Any = None) -> None:  # noqa: ARG002 - Pony's
        # Pony's own would connect, and call pony_call_on_connect; sessions do that later.
        self.database = database
        self.pool = BerceauPool()

    def get_default_entity_table_name(self, entity: Any) -> str:
        """Return ``demo_post`` for ``DemoPost``."""
        return default_name(entity.__name__, entity)

    def get_default_m2m_table_name(self, attr: Any, reverse: Any) -> str:
        """Return ``demo_post_demo_tag``, or ``demo_user_friends`` for a symmetric relation."""
        other = attr.name if attr.symmetric else reverse.entity.__name__
        return default_name(f"{attr.entity.__name__}_{other}", attr.entity, attr.name)

    def get_default_column_names(
        self, attr: Any, reverse_pk_columns: list[str] | None = None
    ) -> list[str]:
        """Return the attribute's name; with each key column's, where the target has several."""
        names = [attr.name]
        if reverse_pk_columns is not None and len(reverse_pk_columns) > 1:
            names = [f"{attr.name}_{column}" for column in reverse_pk_columns]
        return [default_name(name, attr.entity, attr.name) for name in names]

    def get_default_m2m_column_names(self, entity: Any) -> list[str]:
        """Return ``demo_post``; with each key column's name, where the entity has several."""
        columns = entity._get_pk_columns_()
        names = [entity.__name__]
        if len(columns) > 1:
            names = [f"{entity.__name__}_{column}" for column in columns]
        return [default_name(name, entity) for name in names]

    def get_default_index_name(
        self,
        table_name: str,
        column_names: Iterable[str],
        is_pk: bool = False,
        is_unique: bool | None = False,
        m2m: bool = False,  # noqa: ARG002 - Pony's signature
    ) -> str:
        """Return the name that PostgreSQL itself would choose; a long one ends in a hash.

        Where another table's index has it, a number is added.
        """
        suffix = "pkey" if is_pk else "key" if is_unique else "idx"
        columns = list(column_names)
        name = object_name(self.base_name(table_name), columns, suffix)
        names = self.database.schema.names
        found = names.get(name)
        mine = getattr(found, "table", None) is not None and found.table.name == table_name
        if mine and [column.name for column in found.columns] == columns:
            return name  # Pony asks again for an index that it has
        return free_name(name, names)

    def get_default_fk_name(
        self,
        child_table_name: str,
        parent_table_name: str,  # noqa: ARG002 - Pony's signature
        child_column_names: Iterable[str],
    ) -> str:
        """Return the name that PostgreSQL itself would choose; a long one ends in a hash."""
        name = object_name(self.base_name(child_table_name), child_column_names, "fkey")
        return free_name(name, self.database.schema.names)  # Pony wants them apart, too

    def set_transaction_mode(self, connection: Any, cache: Any) -> None:
        """Begin a transaction where the unit of work, its tenant or a pooler needs one."""
        preamble = self.pool.preamble(connection, cache)
        if preamble:
            cache.immediate = True
        super().set_transaction_mode(connection, cache)
        if preamble:
            self.send(connection.own_cursor(), preamble)
            cache.in_transaction = True

    def execute(
        self, cursor: Any, sql: str, arguments: Any = None, returning_id: bool = False
    ) -> Any:
        """Run a statement; return the new key where ``returning_id``.

        Raises ``UnstorableTextError`` for a text with NUL or half of a surrogate pair,
        ``ConflictError`` where other rows don't allow the write, ``TenantMissingError`` where only
        tenants have the table, and ``DatabaseError`` where an earlier statement failed, and its
        exception was caught.
        """
        started = perf_counter()
        try:
            return self.send(cursor, sql, arguments, returning_id)
        finally:
            note(sql, perf_counter() - started, cursor.rowcount)

    def send(self, cursor: Any, sql: str, arguments: Any = None, returning_id: bool = False) -> Any:
        """Do as ``execute``, with a statement that is Berceau's own: it isn't counted."""
        check_sql(sql)
        unit = current_unit()
        try:
            return super().execute(cursor, sql, arguments, returning_id)
        except Exception as error:
            if unit is not None:
                unit.note_failure(error)
            if isinstance(error, IntegrityError):
                self._raise_violation(error, sql)
            if current_tenant() is SHARED:
                self._raise_absence(error, cursor)
            if isinstance(error, ValueError | DataError) and has_unstorable_text(
                error, sql, arguments
            ):
                raise unstorable() from error
            raise

    @wrap_dbapi_exceptions
    def commit(self, connection: Any, cache: Any = None) -> None:
        """Commit, and where the connection breaks meanwhile, find out what became of it.

        Raises ``CommitUnknownError`` where that is unknown, ``DatabaseError`` where the body of a
        unit of work commits a part of it.
        """
        unit = current_unit()
        if unit is not None:
            unit.check_commit()
        transaction = self._transaction(connection, unit)
        try:
            super().commit(connection, cache)
        except Exception as error:
            if isinstance(error, IntegrityError):  # of a constraint that waited for the commit
                self._raise_violation(error)
            if not (is_lost(error) or is_internal(error)):
                raise
            self._settle(transaction, error)
            if cache is not None:
                cache.in_transaction = False
        if unit is not None:
            unit.committed = True
            unit.wrote = unit.wrote or transaction is not None
            if transaction is not None:
                unit.position = self._position(connection)

    def _transaction(self, connection: Any, unit: UnitOfWork | None) -> Any:
        """Return what names the open transaction afterwards; ``None`` where it wrote nothing."""
        try:
            return self.pool.transaction(connection)
        except self.dbapi_module.InternalError as error:
            if unit is not None:
                unit.note_failure(InternalError(error))
            raise

    @cached_property
    def _constraints(self) -> Constraints:
        return Constraints(self.database)

    def _raise_violation(self, error: IntegrityError, sql: str = "") -> None:
        found = violation(error, sql, self._constraints)
        if found is not None:
            raise found from error

    def _raise_absence(self, error: Exception, cursor: Any) -> None:
        found = asked_of_shared(error, cursor.query or b"", self.database)
        if found is not None:
            raise found from error

    def _position(self, connection: Any) -> str | None:
        if self.pool.replica is None:
            return None
        try:
            return UNREACHED if connection.closed else self.pool.position(connection)
        except PGProvider.dbapi_module.Error:
            return UNREACHED

    def rollback(self, connection: Any, cache: Any = None) -> None:
        """Roll back; where the connection is lost, the server did so itself."""
        try:
            super().rollback(connection, cache)
        except Exception as error:
            if not is_lost(error):
                raise

    def _settle(self, transaction: Any, error: Exception) -> None:
        """Return where ``transaction`` was kept, or had nothing to keep; raise otherwise."""
        if transaction is None:
            return
        kept = self.pool.was_committed(transaction, getattr(error, "original_exc", error))
        if kept is None:
            raise CommitUnknownError(
                "The connection broke during a commit, and the server couldn't report the status "
                f"of transaction {transaction}: {error}",
                cure="Check in the database whether it took effect, before you repeat it.",
            ) from error
        if not kept:
            raise error

    def should_reconnect(self, exc: Exception) -> bool:
        """Return whether a query that failed with ``exc`` may run again on a new connection."""
        # Pony would go on with a new connection and commit without what the lost one held.
        cache = local.db2cache[self.database]
        return bool(super().should_reconnect(exc)) and not cache.in_transaction
