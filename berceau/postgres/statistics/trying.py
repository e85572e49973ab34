"""Indexes that are there for a plan, and for no other one: candidates, tried one by one."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute

_VALID = """
UPDATE pg_index SET indisvalid = %s
WHERE indexrelid IN (SELECT oid FROM pg_class WHERE relname = ANY (%s)
                     AND relnamespace = to_regnamespace(quote_ident(%s)))
"""


def hide(connection: Connection, schema: str, names: Iterable[str]) -> None:
    """Let no plan use the indexes ``names``, as if they had failed to be built."""
    execute(connection, _VALID, (False, list(names), schema))


@contextmanager
def shown(connection: Connection, schema: str, names: Iterable[str]) -> Iterator[None]:
    """Let plans of the body, on this ``connection`` of a superuser only, use hidden indexes."""
    connection.autocommit = False
    try:
        execute(connection, _VALID, (True, list(names), schema))
        yield
    finally:
        connection.rollback()
        connection.autocommit = True
