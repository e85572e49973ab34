"""Tenants with tables of a test's entities, in schemas of its own beside a shared one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from berceau.orm import database as orm
from berceau.orm.mapping import to_schema
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.inspect.schemas import create_schema, drop_schema, execute_statements
from berceau.postgres.tenants import registry
from berceau.schema.diff import create
from berceau.schema.order import order
from berceau.schema.sql import to_statements
from berceau.tenancy import Tenant, tenant_schema
from berceau.workflows.shared.databases import Databases
from tests.conftest import private_schema
from tests.rights import grant_data_rights


@dataclass
class Town:
    """A shared schema and its tenants by name, all with the tables of the same entities."""

    databases: Databases
    connection: Connection
    tables: tuple[str, ...]
    tenants: dict[str, Tenant]

    @property
    def shared(self) -> str:
        return self.databases.runtime_url.schema

    def add(self, name: str, version: str | None = None) -> Tenant:
        tenant = Tenant(name, tenant_schema(name, self.shared), version=version)
        create_schema(self.connection, tenant.schema)
        grant_data_rights(self.connection, tenant.schema, self.databases.runtime_url.user)
        own = self.databases.migration_url.with_schema(tenant.schema)
        with connect(own, autocommit=True) as theirs:
            execute_statements(theirs, self.tables)
        self.tenants[name] = registry.add(self.connection, tenant) or tenant
        return self.tenants[name]

    def replace(self, name: str) -> Tenant:
        """Drop the tenant, and make another one of its name with the same version."""
        old = self.tenants.pop(name)
        drop_schema(self.connection, old.schema)
        registry.remove(self.connection, name)
        return self.add(name, old.version)


@contextmanager
def town(server: Databases, database: Any, *names: str) -> Iterator[Town]:
    """Map ``database``, and make its tables in a shared schema and for the tenants ``names``."""
    orm.map_entities(database)
    tables = tuple(to_statements(order(create(to_schema(database)))))
    with (
        private_schema(server) as shared,
        connect(shared.migration_url, autocommit=True) as connection,
    ):
        execute_statements(connection, tables)
        registry.ensure(connection, shared.runtime_url.user)
        made = Town(shared, connection, tables, {})
        try:
            for name in names:
                made.add(name)
            yield made
        finally:
            for tenant in made.tenants.values():
                drop_schema(connection, tenant.schema)
