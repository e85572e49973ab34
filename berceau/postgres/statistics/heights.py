"""The heights of B-trees, which only their pages show."""

import psycopg2
from psycopg2 import sql

from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import fetch_value
from berceau.postgres.inspect.extensions import schema_of_extension


class Heights:
    """Reads the heights of B-trees, as far as the role may: by default, superusers only."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._function = schema_of_extension(connection, "pageinspect")
        self.notes: list[str] = []
        if self._function is None:
            self._give_up("the extension pageinspect isn't in the database")

    def of(self, index: int) -> int | None:
        """Return how many levels are above the leaves of an ``index``, by its oid, if known."""
        if self._function is None:
            return None
        query = sql.SQL("SELECT fastlevel FROM {}.bt_metap(%s::oid::regclass::text)").format(
            sql.Identifier(self._function)
        )
        try:
            found: int | None = fetch_value(self._connection, query, (index,))
        except psycopg2.Error as error:
            self._function = None
            self._give_up(str(error.diag.message_primary))
            return None
        return found

    def _give_up(self, why: str) -> None:
        self.notes.append(
            f"Heights of B-trees are estimated ({why}). A superuser can read them, after CREATE "
            "EXTENSION pageinspect. They change costs by less than a percent."
        )
