"""A project whose history any commands rewrite: its files, and two databases that share them."""

import itertools
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg2

from berceau.errors import HistoryError
from berceau.migration.migration import Migration
from berceau.postgres.core.connection import connect
from berceau.postgres.core.url import Url
from berceau.schema.model import EMPTY, Schema
from berceau.settings import Settings
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy import resolve as resolving
from berceau.workflows.deploy.deploy import deploy
from berceau.workflows.deploy.down import down
from berceau.workflows.deploy.reset import reset
from berceau.workflows.deploy.status import Status, status
from berceau.workflows.history.adopt import adopt
from berceau.workflows.history.baseline import baseline
from berceau.workflows.history.check import check
from berceau.workflows.history.rebase import rebase
from berceau.workflows.history.squash import squash
from berceau.workflows.shared.cache import SchemaCache
from berceau.workflows.write.migrate import Options, migrate
from berceau.workflows.write.plan import Plan
from berceau.workflows.write.planner import Planner

ENTITIES = (
    "",
    "class Ant(db.Entity):\n    a = Required(int)\n",
    "class Ant(db.Entity):\n    a = Required(int)\n    b = Optional(str)\n",
    "class Mood(enum.StrEnum):\n    GOOD = 'GOOD'\n"
    "class Ant(db.Entity):\n    a = Optional(int, index=True)\n"
    "class Bee(db.Entity):\n    a = Required(Mood)\n",
)
OWNERS: dict[str, str] = {}
DATABASES = ("here", "there")

Step = tuple[Any, ...]
"""The name of a method of ``World``, and its arguments."""

BY_HAND = {
    "a view": ("CREATE VIEW v{n} AS SELECT 1 AS one;", "DROP VIEW v{n};"),
    "no way back": ("CREATE FUNCTION f{n}() RETURNS int LANGUAGE sql AS 'SELECT 1';", ""),
    "in parts": ("BEGIN;\nCREATE VIEW w{n} AS SELECT 1;\nCOMMIT;\nSELECT 1;", "DROP VIEW w{n};"),
    "failing": ("BEGIN;\nCREATE VIEW h{n} AS SELECT 1;\nCOMMIT;\nSELECT 1/0;", "DROP VIEW h{n};"),
    "failing at once": ("SELECT 1/0;", "SELECT 1;"),
    "a way back that fails": ("CREATE VIEW x{n} AS SELECT 1;", "DROP VIEW x{n};\nSELECT 1/0;"),
    "half a way back": (
        "CREATE VIEW y{n} AS SELECT 1;",
        "BEGIN;\nDROP VIEW y{n};\nCOMMIT;\nSELECT 1/0;",
    ),
    "nothing": ("-- later", ""),
}
"""What migrations by hand do, and how they are undone."""

DRIFT = (
    "CREATE VIEW mine AS SELECT 1 AS one",
    "ALTER TABLE ant ALTER a DROP NOT NULL",
    "ALTER TABLE ant ADD extra text",
    "DROP TABLE ant CASCADE",
    "CREATE TABLE bee (id int PRIMARY KEY)",
    "DROP VIEW v1",
)


@dataclass
class Place:
    """A database, by its URL, with what commands that are run there keep."""

    url: Url
    settings: Settings
    cache: SchemaCache

    def plan(self, declared: Schema, migrations: Sequence[Migration]) -> Plan:
        """Return what separates the migrations from the entities; nothing of it is cached."""
        with TemporaryDirectory() as migration_directory:
            return Planner(self.url, migrations, SchemaCache(Path(migration_directory))).plan(
                declared
            )


@dataclass
class World:
    """Two databases that share the files of one project."""

    migrations: Path
    places: dict[str, Place]
    schemas: list[Schema]
    declared: Schema = EMPTY
    others: dict[str, Path] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def read_migrations(self) -> tuple[Migration, ...]:
        return migration_directory.read(self.migrations)

    def texts(self) -> dict[str, bytes]:
        """Return the files of all migrations, by path."""
        files = self.migrations.glob("*/*")
        return {str(path.relative_to(self.migrations)): path.read_bytes() for path in files}

    def name(self, number: int | str | None) -> Any:
        """Return the name of the migration with this number, the newest first; or what is none."""
        names = [migration.name for migration in self.read_migrations()]
        if not isinstance(number, int) or not names:
            return number if not isinstance(number, int) else "20260101000000_unknown"
        return names[-1 - number % len(names)]

    def carry_out(self, step: Step) -> None:
        kind, *rest = step
        if rest and rest[0] in DATABASES:
            getattr(self, kind)(self.places[rest[0]], *rest[1:])
        else:
            getattr(self, kind)(*rest)

    def begin(self, written: Path, count: int) -> None:
        """Take the first ``count`` migrations over from ``written``, with their entities."""
        for migration in migration_directory.read(written)[:count]:
            migration_directory.save(self.migrations, migration)
        self.declare(count)

    def declare(self, number: int) -> None:
        self.declared = self.schemas[number]

    def migrate(self, place: Place, name: str, **options: Any) -> None:
        options = {"allow_data_loss": True} | options
        migrate(place.settings, self.declared, Options(name, **options))

    def create(self, place: Place, name: str) -> None:
        self.migrate(place, name, create_only=True)

    def deploy(self, place: Place) -> None:
        deploy(place.url, self.read_migrations())
        found = self.status(place)
        assert not [*found.history.pending, *found.history.replacing, *found.history.unfinished]

    def check(self, place: Place) -> None:
        """Raise where the check finds anything, else compare the entities with the migrations."""
        if found := check(place.url, self.declared, self.migrations, place.cache):
            raise HistoryError("; ".join(map(str, found)))
        assert not place.plan(self.declared, self.read_migrations()).up

    def reset(self, place: Place) -> None:
        reset(place.url, self.read_migrations(), place.cache)

    def squash(self, place: Place, name: str) -> None:
        squash(place.url, self.migrations, name)

    def down(self, place: Place, to: Any) -> None:
        down(place.url, self.read_migrations(), self.name(to), allow_data_loss=True)

    def adopt(self, place: Place, name: str, everything: bool) -> None:
        adopt(
            place.url,
            self.migrations,
            name,
            OWNERS,
            everything=everything,
            allow_data_loss=True,
        )
        assert not self.status(place).drift.restore

    def baseline(self, place: Place, name: Any) -> None:
        names = baseline(
            place.url, self.declared, OWNERS, self.migrations, self.name(name), place.cache
        )
        found = self.status(place)
        assert {*names} <= {each.name for each in found.history.applied}
        assert not found.drift

    def rebase(self, place: Place, name: Any) -> None:
        rebase(place.url, self.migrations, self.name(name))

    def resolve(self, place: Place, name: Any, how: str) -> None:
        match how:
            case "applied":
                resolving.mark_applied(place.url, self.read_migrations(), self.name(name))
            case "back":
                resolving.mark_rolled_back(place.url, self.name(name))
            case "done":
                resolving.mark_done(place.url, self.read_migrations(), self.name(name), 1)

    def write(self, kind: str) -> None:
        """Write a migration by hand."""
        migrations, n = self.read_migrations(), next(self.numbers)
        up, back = (text.format(n=n) for text in BY_HAND[kind])
        last = migrations[-1].name if migrations else None
        time = int(last[:14]) + 1 if last and last[12:14] < "59" else 20270101000000 + n
        name = f"{time}_hand"
        migration_directory.save(
            self.migrations, Migration(name, f"-- Parent: {last or 'none'}\n\n{up}\n", f"{back}\n")
        )

    def drift(self, place: Place, sql: str) -> None:
        """Change a database by hand, if that is possible."""
        with suppress(psycopg2.Error), connect(place.url) as connection:
            connection.cursor().execute(sql)

    def leave(self) -> None:
        """Commit the files on a branch, and go on from there."""
        kept = self.migrations.with_name(f"kept{next(self.numbers)}")
        self._copy(self.migrations, kept)
        self.others["kept"] = kept

    def switch(self) -> None:
        """Check the branch out that was left."""
        if kept := self.others.get("kept"):
            now = self.migrations.with_name(f"kept{next(self.numbers)}")
            self._copy(self.migrations, now)
            shutil.rmtree(self.migrations, ignore_errors=True)
            self._copy(kept, self.migrations)
            self.others["kept"] = now

    def merge(self) -> None:
        """Add what the other branch has."""
        if kept := self.others.get("kept"):
            for path in (each for each in kept.iterdir() if each.is_dir()):
                if not (self.migrations / path.name).exists():
                    shutil.copytree(path, self.migrations / path.name)

    def edit(self, number: int) -> None:
        if migrations := self.read_migrations():
            migration = migrations[-1 - number % len(migrations)]
            (self.migrations / migration.name / "migration.sql").write_text(
                f"{migration.sql}-- more\n"
            )

    def lose(self, number: int) -> None:
        if migrations := self.read_migrations():
            shutil.rmtree(self.migrations / migrations[-1 - number % len(migrations)].name)

    def status(self, place: Place) -> Status:
        return status(place.url, self.declared, self.read_migrations(), place.cache)

    def _copy(self, source: Path, target: Path) -> None:
        target.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
