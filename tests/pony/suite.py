"""Pony's own test-suite, run in one process on a schema: by plain Pony, or through Berceau.

``python -m tests.pony.suite URL [--berceau] [--naive MODULE ...]`` prints one JSON object: what
became of each test, by its name. The suite is the one that the installed Pony brings.
"""

import json
import os
import sys
from argparse import ArgumentParser
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, ClassVar
from unittest import TestLoader, TestResult

from pony import orm
from pony.orm import core
from pony.orm.dbproviders.postgres import PGProvider

from berceau.orm import database as berceau
from berceau.orm.mapping import to_schema
from berceau.orm.provider import BerceauProvider
from berceau.orm.types import AwareDatetimeConverter
from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import fetch
from berceau.postgres.core.url import Url
from berceau.postgres.inspect.schemas import execute_statements
from berceau.postgres.pooling.pool import ConnectionPool
from berceau.schema.diff import create
from berceau.schema.order import order
from berceau.schema.sql import to_statements
from berceau.settings import Limits

PASSED = "passed"
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
FOLDER = Path(orm.__file__).parent / "tests"


class Outcomes(TestResult):
    """Keeps what became of each test: ``PASSED``, or why it didn't pass."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def addSuccess(self, test: Any) -> None:  # noqa: N802 - unittest's
        """Keep a test that passed."""
        self.found[test.id()] = PASSED

    def addSkip(self, test: Any, reason: str) -> None:  # noqa: N802 - unittest's
        """Keep a test that was skipped."""
        self.found[test.id()] = f"skipped: {reason}"

    def addError(self, test: Any, err: Any) -> None:  # noqa: N802 - unittest's
        """Keep a test that failed; of a class that couldn't be set up, Pony's tests aren't run."""
        self.found[test.id()] = f"{err[0].__name__}: {err[1]}"

    addFailure = addError  # noqa: N815 - unittest's


class NaiveProvider(BerceauProvider):
    """Takes datetimes without a time zone, so that the rest of a module's tests can be compared."""

    converter_classes: ClassVar = [
        each for each in BerceauProvider.converter_classes if each[1] is not AwareDatetimeConverter
    ]


class Database(berceau.GlobalDatabase):
    """Berceau's ``Database``, which the suite binds, and whose tables it makes and drops."""

    url: ClassVar[Url]
    provider_class: ClassVar[type[BerceauProvider]]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__()
        if arguments or options:
            self.bind(*arguments, **options)

    def bind(self, *arguments: Any, **options: Any) -> None:
        """Bind to the schema of ``url``; to SQLite where a test asks for that."""
        if options.get("provider") != "postgres":
            self._bind(*arguments, **options)
            return
        self._bind(self.provider_class)
        berceau.connect(ConnectionPool(self.url, Limits()), self)

    def create_tables(self, check_tables: bool = False) -> None:
        """Create the tables that aren't there, as a migration would."""
        if not isinstance(self.provider, BerceauProvider):
            super().create_tables(check_tables)
            return
        declared = to_schema(self)
        with connect(self.url, autocommit=True) as connection:
            there = {name for (name,) in fetch(connection, _TABLES)}
            tables = tuple(table for table in declared.tables if table.name not in there)
            changes = order(create(replace(declared, tables=tables)))
            execute_statements(connection, to_statements(changes))


def run(url: Url, *, through_berceau: bool, naive: list[str]) -> dict[str, str]:
    """Return what became of each test of the suite; in the modules ``naive``, without zones."""
    PGProvider.default_schema_name = url.schema
    outcomes = Outcomes()
    with NamedTemporaryFile("w", suffix=".py") as settings:
        settings.write(f"settings = { ({'provider': 'postgres'} | url.dsn())!r}")
        settings.flush()
        os.environ["pony_test_db"] = settings.name  # noqa: SIM112 - Pony's
        if through_berceau:
            Database.url = url
            core.Database = orm.Database = Database
        for file in sorted(FOLDER.glob("test_*.py")):
            Database.provider_class = NaiveProvider if file.stem in naive else BerceauProvider
            TestLoader().loadTestsFromName(f"pony.orm.tests.{file.stem}").run(outcomes)
    return outcomes.found


if __name__ == "__main__":
    parser = ArgumentParser()
    parser.add_argument("url", type=Url.parse)
    parser.add_argument("--berceau", action="store_true")
    parser.add_argument("--naive", nargs="*", default=[])
    given = parser.parse_args()
    with redirect_stdout(sys.stderr):  # the tests print
        found = run(given.url, through_berceau=given.berceau, naive=given.naive)
    json.dump(found, sys.stdout, indent=1)
