"""What tests do with private copies: run SQL in them, and tell one from another."""

from typing import Any

import pytest

from berceau.workflows.testing.isolation import Isolation, private_schema

BOTH = pytest.mark.parametrize("isolation", [Isolation.DATABASE, Isolation.SCHEMA])


def run(connection, text) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(text)
        return cursor.fetchall() if cursor.description else []


def identity(private) -> tuple[str, str]:
    """Return what is another one once the copy is made again."""
    ((found,),) = run(
        private.connection,
        "SELECT (SELECT oid FROM pg_database WHERE datname = current_database())::text"
        " || '/' || current_schema()::regnamespace::oid::text",
    )
    return private.databases.migration_url.database + "/" + private.schema, found


def visit(settings, isolation) -> tuple[str, str]:
    with private_schema(settings, isolation=isolation) as private:
        return identity(private)
