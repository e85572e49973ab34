"""Entities of a test's own, migrated in this process: Pony maps each ``Database`` once."""

import datetime
import enum
import re
import shlex
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from textwrap import dedent
from typing import Any
from uuid import UUID

import pony.orm
import pytest

from berceau.migration.header import Header, checksum
from berceau.migration.migration import Migration
from berceau.orm.database import map_entities
from berceau.orm.mapping import to_schema
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.url import Url
from berceau.postgres.embedded import binaries
from berceau.postgres.inspect import catalog
from berceau.postgres.inspect.schemas import execute_statements
from berceau.postgres.inspect.scratch import scratch
from berceau.postgres.runner.progress import silent
from berceau.schema.diff import create, diff
from berceau.schema.model import Schema
from berceau.schema.order import order
from berceau.schema.sql import to_statements
from berceau.settings import Settings
from berceau.workflows.deploy import migration_directory
from berceau.workflows.history.check import check
from berceau.workflows.shared.cache import SchemaCache
from berceau.workflows.shared.databases import Databases
from berceau.workflows.write.decisions import Decisions
from berceau.workflows.write.files import to_migration
from berceau.workflows.write.migrate import Options, Outcome
from berceau.workflows.write.migrate import migrate as run_migrate
from berceau.workflows.write.planner import Planner

TIMES = ("date", "datetime", "time", "timedelta")


@pytest.fixture(scope="session")
def declare() -> Callable[[str], Schema]:
    """Return a function that gives the schema that entities, as text, declare."""

    def declare(entities: str) -> Schema:
        database = pony.orm.Database()
        names = {**vars(pony.orm), "Decimal": Decimal, "UUID": UUID, "enum": enum, "db": database}
        exec(dedent(entities), names | {name: getattr(datetime, name) for name in TIMES})
        map_entities(database)
        return to_schema(database)

    return declare


@pytest.fixture
def settings(tmp_path: Path, database: Databases) -> Settings:
    """A project on a private empty schema, for use in this process; nothing else runs on it."""
    return Settings(
        tmp_path,
        database.runtime_url.with_password(),
        database.migration_url.with_password(),
        allow_downtime=True,
    )


@pytest.fixture
def sql(settings: Settings) -> Callable[[], str]:
    """Return a function that gives the newest migration, without what differs each time."""

    def sql() -> str:
        newest = migration_directory.read(settings.migrations)[-1]
        lines = newest.sql.splitlines()
        skipped = ("-- Migration", "-- Parent", "-- Generated", "-- Means")
        return "\n".join(each for each in lines if not each.startswith(skipped)).strip()

    return sql


@pytest.fixture
def cache(tmp_path: Path) -> SchemaCache:
    """A cache with nothing in it."""
    return SchemaCache(tmp_path / "cache")


@pytest.fixture
def migrate(declare: Callable[[str], Schema], settings: Settings) -> Callable[[str], Outcome]:
    """Return a function that migrates the project to entities, as ``invoke migrate`` does."""

    def migrate(
        entities: str,
        report: Callable[[str], object] = silent,
        unmanaged: tuple[str, ...] = (),
        **options: Any,
    ) -> Outcome:
        here = replace(settings, unmanaged=unmanaged)
        return run_migrate(here, declare(entities), Options(**options), report)

    return migrate


@pytest.fixture
def finding(database, declare, settings) -> Callable[..., str]:
    """Return a function that gives what ``migrate.check`` finds of the entities."""

    def finding(entities: str) -> str:
        found = check(
            database.migration_url,
            declare(entities),
            settings.migrations,
            SchemaCache(settings.cache),
        )
        return "\n".join(each.detail for each in found if each.code == "M001")

    return finding


@pytest.fixture
def check_change(
    declare: Callable[[str], Schema], server: Databases, cache: SchemaCache
) -> Callable[[str, str, tuple[str, ...]], None]:
    """Return a function that checks what leads from some entities to others: see its asserts."""

    def check_change(before: str, after: str, statements: tuple[str, ...]) -> None:
        old, new = (to_statements(order(create(declare(each)))) for each in (before, after))
        migrations = [generated("\n".join(map(str, old)))] if old else []
        found = Planner(server.migration_url, migrations, cache).plan(declare(after))
        _, *written = to_migration(found, "new", migrations).sql.rstrip("\n").split("\n\n")
        assert tuple(each for each in written if not each.startswith("-- Nothing")) == statements
        with scratch(server.migration_url) as migrated, scratch(server.migration_url) as made:
            execute_statements(migrated, old)
            current = catalog.read(migrated)
            execute_statements(migrated, found.up)
            execute_statements(made, new)
            desired = catalog.read(made)
            assert diff(catalog.read(migrated), desired) == diff(desired, desired) == ()
            assert dump(server.migration_url, migrated) == dump(server.migration_url, made)
            if found.down is not None:
                execute_statements(migrated, found.down)
                assert diff(catalog.read(migrated), current) == ()

    return check_change


@pytest.fixture
def check_rename(
    declare: Callable[[str], Schema], server: Databases, cache: SchemaCache
) -> Callable[..., None]:
    """Return a function that checks renames in a table with rows, up and down."""

    def check_rename(
        before: str,
        after: str,
        renames: str,
        statements: str,
        rows: str,
        labels: Iterable[tuple[str, str]] = (),
    ) -> None:
        old, new = (to_statements(order(create(declare(each)))) for each in (before, after))
        migrations = [generated("\n".join(map(str, old)))]
        decisions = Decisions(shlex.split(renames))
        found = Planner(server.migration_url, migrations, cache, decisions).plan(declare(after))
        with scratch(server.migration_url) as migrated, scratch(server.migration_url) as made:
            execute_statements(made, new)
            execute_statements(migrated, old)
            run(migrated, rows)
            was, values = facts(server.migration_url, migrated), contents(migrated)
            execute_statements(migrated, found.up)
            assert facts(server.migration_url, migrated) == facts(server.migration_url, made)
            assert contents(migrated) == relabelled(values, labels)
            assert found.down is not None
            execute_statements(migrated, found.down)
            assert facts(server.migration_url, migrated) == was
            assert contents(migrated) == values
        assert " ".join(map(str, found.up)).split() == statements.split()

    return check_rename


@pytest.fixture(name="generated")
def _generated() -> Callable[[str], Migration]:
    """Return the function that makes a migration of SQL as Berceau writes one."""
    return generated


@pytest.fixture
def write(settings: Settings) -> Callable[[str, str], None]:
    """Return a function that writes a migration by hand, by its name and SQL."""

    def write(name: str, sql: str) -> None:
        folder = settings.migrations / name
        folder.mkdir(parents=True)
        (folder / "migration.sql").write_text(sql)

    return write


@pytest.fixture
def read(settings: Settings) -> Callable[[], tuple[Migration, ...]]:
    """Return a function that reads the migrations of the project."""
    return lambda: migration_directory.read(settings.migrations)


@pytest.fixture
def dumped(database: Databases, server: Databases) -> Callable[[], list[str]]:
    """Return a function that gives all that pg_dump says of the private schema, sorted."""

    def dumped() -> list[str]:
        schema = f"--schema={database.migration_url.schema}"
        command = [binaries.find_programs() / "pg_dump", "--schema-only", schema]
        done = subprocess.run(
            [*command, server.migration_url.with_password()],
            capture_output=True,
            text=True,
            check=True,
        )
        lines = done.stdout.splitlines()
        return sorted(line.rstrip(",") for line in lines if not line.startswith(("\\", "--")))

    return dumped


def generated(sql: str) -> Migration:
    """Return a migration of ``sql`` as one that Berceau wrote."""
    name = "20260101000000_old"
    return Migration(name, Header(generated=checksum(sql)).to_sql(name) + sql)


def run(connection: Connection, sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


def facts(url: Url, connection: Connection) -> tuple[Schema, list[str]]:
    """Return a schema with all its names, and its dump; the order of columns is no difference.

    PostgreSQL 18 names what makes a column NOT NULL, 15 doesn't: those names aren't renamed.
    """
    schema = catalog.read(connection)
    tables = (
        replace(table, columns=tuple(sorted(table.columns, key=lambda column: column.name)))
        for table in schema.tables
    )
    named = re.compile(r'CONSTRAINT ("[^"]+"|\S+) NOT NULL')
    lines = [named.sub("NOT NULL", line) for line in dump(url, connection)]
    return replace(schema, tables=tuple(tables)), sorted(lines)


def contents(connection: Connection) -> list[str]:
    """Return the rows of all tables, as their values that aren't NULL, columns in old order."""
    names = run(
        connection,
        "SELECT quote_ident(relname) FROM pg_class "
        "WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace",
    )
    rows = (row for (name,) in names for row in run(connection, f"SELECT * FROM {name}"))
    return sorted(str([value for value in row if value is not None]) for row in rows)


def relabelled(rows: list[str], labels: Iterable[tuple[str, str]]) -> list[str]:
    for old, new in labels:
        rows = [row.replace(f"'{old}'", f"'{new}'") for row in rows]
    return sorted(rows)


def dump(url: Url, connection: Connection) -> list[str]:
    """Return what pg_dump says of the connection's schema, in lines sorted.

    Their order is no difference: columns and enum labels that were added stand last.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        ((schema,),) = cursor.fetchall()
    command = [
        binaries.find_programs() / "pg_dump",
        *("--schema-only", "--no-owner", "--no-privileges", f"--schema={schema}"),
        url.with_password(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = done.stdout.replace(schema, "the_schema").splitlines()
    # The key of \\restrict is another one for each dump.
    return sorted(line.rstrip(",") for line in lines if not line.startswith(("\\", "--")))
