"""The one global Pony ``Database``: entities join it at import, Berceau maps and connects it."""

from collections.abc import Mapping
from typing import Any

from pony.orm.core import Database

from berceau.errors import EntityError
from berceau.orm.diagnosis import check_tables, diagnose
from berceau.orm.provider import BerceauPool, BerceauProvider


class GlobalDatabase(Database):
    """A ``Database`` that only Berceau binds and maps."""

    def bind(self, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002 - Pony's signature
        """Refuse: raises ``EntityError``."""
        raise EntityError(
            "The global Database is bound by Berceau.",
            cure="Remove the call of bind(); set DATABASE_URL to choose the server.",
        )


db: Any = GlobalDatabase()


def map_entities(database: Any = db) -> None:
    """Bind ``database`` without a server and map its entities.

    Works once per ``Database``. Raises ``EntityError`` with the file and line of the entity
    that can't be mapped.
    """
    database._bind(BerceauProvider)
    check_tables(database)
    try:
        database.generate_mapping(check_tables=False)
    except Exception as error:
        raise diagnose(error, database) from error


def is_mapped(database: Any = db) -> bool:
    """Say whether the entities of ``database`` are mapped."""
    return database.schema is not None


def connect(dsn: Mapping[str, str], database: Any = db) -> None:
    """Send the queries of ``database`` to the server that ``dsn`` names from now on.

    ``dsn`` holds keyword arguments of ``psycopg2.connect``. Nothing is connected yet: each
    thread connects at its first query.
    """
    database.provider.pool = BerceauPool(dsn)
