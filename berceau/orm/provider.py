"""How Pony names, types and reaches things in PostgreSQL for Berceau."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, ClassVar

from pony.orm.core import local
from pony.orm.dbproviders.postgres import PGPool, PGProvider

from berceau.errors import ConnectionFailedError
from berceau.orm.naming import default_name
from berceau.orm.types import (
    ArrayConverter,
    AwareDatetimeConverter,
    EnumConverter,
    RoundedDecimalConverter,
)
from berceau.schema.names import object_name


class BerceauPool(PGPool):
    """One lazy connection a thread.

    ``dsn`` holds keyword arguments of ``psycopg2.connect``. Without it, the first query raises
    ``ConnectionFailedError``.
    """

    def __init__(self, dsn: Mapping[str, str] | None = None) -> None:
        super().__init__(PGProvider.dbapi_module, **(dsn or {}))

    def _connect(self) -> None:
        if not self.kwargs:
            raise ConnectionFailedError(
                "No database connected: the entities are mapped, but nothing said where they live.",
                cure="Start the application, or call berceau.orm.database.connect() first.",
            )
        super()._connect()


class BerceauProvider(PGProvider):
    """Berceau's rules for names and types; ``database.bind(BerceauProvider)`` needs no server."""

    converter_classes: ClassVar = [
        (Enum, EnumConverter),
        (datetime, AwareDatetimeConverter),
        (Decimal, RoundedDecimalConverter),
        *PGProvider.converter_classes,
    ]
    array_converter_cls = ArrayConverter

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
        """Return the name that PostgreSQL itself would choose; a long one ends in a hash."""
        suffix = "pkey" if is_pk else "key" if is_unique else "idx"
        return object_name(self.base_name(table_name), column_names, suffix)

    def get_default_fk_name(
        self,
        child_table_name: str,
        parent_table_name: str,  # noqa: ARG002 - Pony's signature
        child_column_names: Iterable[str],
    ) -> str:
        """Return the name that PostgreSQL itself would choose; a long one ends in a hash."""
        return object_name(self.base_name(child_table_name), child_column_names, "fkey")

    def should_reconnect(self, exc: Exception) -> bool:
        """Say whether a query that failed with ``exc`` may run again on a new connection."""
        # Pony would go on with a new connection and commit without what the lost one held.
        cache = local.db2cache[self.database]
        return bool(super().should_reconnect(exc)) and not cache.in_transaction
