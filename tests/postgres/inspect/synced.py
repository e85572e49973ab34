"""Tables whose columns a trigger keeps in step."""

from berceau.postgres.core.connection import Connection
from berceau.postgres.inspect.schemas import execute_statements
from berceau.schema.diff import create
from berceau.schema.model import (
    Column,
    PrimaryKey,
    Schema,
    Table,
)
from berceau.schema.order import order
from berceau.schema.sql import to_statements
from berceau.schema.sync import Computed, Sync, SyncTrigger

ID = Column("id", "integer", not_null=True)
KEY = PrimaryKey("t_pkey", ("id",))


def same(old: str, new: str) -> Sync:
    """Return the rule of a renamed column; both names are as SQL has them."""
    plain = (old.strip('"'), new.strip('"'))
    return Sync((Computed(plain[0], new),), (Computed(plain[1], old),))


def table(*columns: str, rules: SyncTrigger | None = None, name: str = "t") -> Schema:
    """Return a schema with one table; each column is a name and a type."""
    pairs = [column.rpartition(" ") for column in columns]
    made = tuple(Column(name, sql_type) for name, _, sql_type in pairs)
    key = PrimaryKey(f"{name}_pkey", ("id",))
    return Schema(tables=(Table(name, (ID, *made), key, sync_trigger=rules),))


def make(connection: Connection, schema: Schema) -> None:
    execute_statements(connection, to_statements(order(create(schema))))
