"""What tests of triggers share."""

from collections.abc import Callable
from typing import Any

import pytest

from berceau.postgres.core.connection import Connection


@pytest.fixture
def run(connection: Connection) -> Callable[..., list[tuple[Any, ...]]]:
    def run(sql: str, *values: object) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(sql, values or None)
            return cursor.fetchall() if cursor.description else []

    return run
