"""Entities of a test's own, migrated in this process: Pony maps each ``Database`` once."""

import enum
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pony.orm
import pytest

from berceau.orm.database import map_entities
from berceau.orm.mapping import to_schema
from berceau.postgres.connection import connect
from berceau.schema.model import Schema
from berceau.settings import Settings
from berceau.workflows.databases import Databases
from berceau.workflows.migrate import Options, Outcome
from berceau.workflows.migrate import migrate as run_migrate


@pytest.fixture
def declare() -> Callable[[str], Schema]:
    """Return a function that gives the schema that entities, as text, declare."""

    def declare(entities: str) -> Schema:
        database = pony.orm.Database()
        exec(dedent(entities), {**vars(pony.orm), "enum": enum, "db": database})
        map_entities(database)
        return to_schema(database)

    return declare


@pytest.fixture
def settings(tmp_path: Path, database: Databases) -> Settings:
    """A project on a private empty schema, for use in this process."""
    return Settings(
        tmp_path, database.runtime.with_password(), database.owner.with_password(), "auto"
    )


@pytest.fixture
def migrate(declare: Callable[[str], Schema], settings: Settings) -> Callable[[str], Outcome]:
    """Return a function that migrates the project to entities, as ``invoke migrate`` does."""

    def migrate(entities: str, **options: Any) -> Outcome:
        return run_migrate(settings, declare(entities), Options(**options))

    return migrate


@pytest.fixture
def query(database: Databases) -> Callable[..., list[tuple[Any, ...]]]:
    """Return a function that runs SQL as the owner in the private schema, and gives its rows."""

    def query(sql: str) -> list[tuple[Any, ...]]:
        with connect(database.owner) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    return query
