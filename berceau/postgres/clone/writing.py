"""Definitions carried out in a new schema."""

from collections.abc import Sequence

import psycopg2
from psycopg2.extensions import connection as Connection

from berceau.errors import CloneError
from berceau.migration.splitter import tokens
from berceau.postgres.clone.definition import Definitions
from berceau.postgres.clone.session import PLAIN_SESSION
from berceau.postgres.connection import transaction
from berceau.postgres.schemas import in_steps


def write(connection: Connection, definitions: Definitions, target: str) -> None:
    """Carry ``definitions`` out in the schema ``target``, which exists and is empty.

    The connection is in autocommit mode. Each step is a transaction of its own, as the server
    has room for so many locks only. Raises ``CloneError`` with the statement that failed.
    """
    place = Place(connection, definitions, target)

    def run(step: Sequence[str]) -> None:
        try:
            with transaction(connection), connection.cursor() as cursor:
                cursor.execute(";\n".join((PLAIN_SESSION, *step)))
        except psycopg2.errors.OutOfMemory:
            raise
        except psycopg2.Error as error:
            raise _explain(connection, definitions.source, step) or error from error

    in_steps([place.put(text) for text in definitions.texts], run)


class Place:
    """Puts the names of schemas where definitions have words for them."""

    def __init__(self, connection: Connection, definitions: Definitions, target: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT quote_ident(%s), quote_ident(%s)", (target, definitions.source))
            ((here, there),) = cursor.fetchall()
        self.names = {definitions.token: here, definitions.outside: there}
        self.is_plain = not any("'" in name or "\\" in name for name in self.names.values())

    def put(self, text: str) -> str:
        """Return ``text`` with the names."""
        if self.is_plain:
            return self._replace(text)
        return "".join(
            self._replace(part.text, quoted=part.kind in ("string", "escaped"))
            for part in tokens(text)
        )

    def _replace(self, text: str, quoted: bool = False) -> str:
        for word, name in self.names.items():
            text = text.replace(word, name.replace("'", "''") if quoted else name)
        return text


def _explain(connection: Connection, source: str, step: Sequence[str]) -> CloneError | None:
    """Run the statements of a failed ``step`` one by one to see which it was."""
    with transaction(connection), connection.cursor() as cursor:
        cursor.execute(PLAIN_SESSION)
        for text in step:
            try:
                cursor.execute(text)
            except psycopg2.Error as error:
                return CloneError(
                    f"The schema {source!r} can't be copied. PostgreSQL says: "
                    f"{error.diag.message_primary or str(error).strip()}\n    {text}",
                    cure="Grant the right that is missing, or move to another schema what can't "
                    "be made here.",
                )
    return None
