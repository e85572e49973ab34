"""Copies of a schema, as tests get them."""

from berceau.postgres.clone.cloning import clone
from berceau.postgres.core.connection import connect
from berceau.postgres.core.url import Url
from berceau.postgres.inspect import catalog
from berceau.postgres.inspect.schemas import drop_schema, use_schema


def require_same_copy(url: Url) -> None:
    """Fail unless a copy of the schema of ``url`` is like it."""
    target = f"{url.schema}_copy"
    with connect(url, autocommit=True) as connection:
        schema = catalog.read(connection)
        try:
            clone(connection, url.schema, target)
            use_schema(connection, target)
            assert catalog.read(connection) == schema
        finally:
            drop_schema(connection, target)
