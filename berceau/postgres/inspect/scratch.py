"""A throw-away schema to build and prove things in."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.core.locks import try_lock
from berceau.postgres.core.url import Url
from berceau.postgres.inspect.extensions import schemas_of_extensions
from berceau.postgres.inspect.schemas import (
    create_schema,
    drop_abandoned,
    drop_schema,
    schemas_like,
    use_schema,
)

PREFIX = "berceau_scratch_"
STAND_IN = "stands in for the schema that tenants share"
"""The comment of a scratch schema that has others before it."""


@contextmanager
def scratch(url: Url) -> Iterator[Connection]:
    """Yield an autocommit connection whose search_path begins with a fresh empty schema.

    Behind it are, of a tenant's ``url``, what stands in for the shared schema, and where the schema
    of ``url`` holds extensions that one, to find types and the like.

    The schema is dropped at the end. The connection holds a lock on its name, so what a killed
    process leaves behind is recognised, and dropped by the next one. The role of ``url`` needs
    CREATE on the database, and nothing more.
    """
    name = PREFIX + secrets.token_hex(6)
    with connect(url, autocommit=True) as connection:
        drop_abandoned(connection, schemas_like(connection, PREFIX))
        try_lock(connection, name)
        behind = schemas_of_extensions(connection, url.shared or url.schema, PREFIX)
        create_schema(connection, name)
        try:
            use_schema(connection, name, *filter(None, (url.stand_in, *behind)))
            yield connection
        finally:
            drop_schema(connection, name)
