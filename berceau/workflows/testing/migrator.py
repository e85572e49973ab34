"""The way along the migrations, step by step, in an empty schema: to test what one does to rows."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from berceau.errors import HistoryError
from berceau.migration.migration import Migration
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import fetch
from berceau.postgres.core.url import Url
from berceau.settings import Settings
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.deploy import deploy
from berceau.workflows.deploy.down import down
from berceau.workflows.shared.databases import resolve_databases
from berceau.workflows.tenants import histories
from berceau.workflows.testing.copies import Isolation
from berceau.workflows.testing.empty_schema import empty_schema


class Migrator:
    """Applies and undoes the project's migrations one by one, in an empty schema.

    A migration is named in full, or without its timestamp. Entities are those of the last
    migration, so rows are written and read as SQL, as the schema's owner. All methods raise
    ``HistoryError`` for a migration that isn't there or is applied already, and
    ``StatementError`` where a statement of it fails.
    """

    def __init__(self, url: Url, migrations: Sequence[Migration], connection: Connection) -> None:
        self._url = url
        self._migrations = migrations
        self._connection = connection
        self._applied = 0

    @property
    def applied(self) -> tuple[str, ...]:
        """The names of the migrations that are applied, in order."""
        return tuple(migration.name for migration in self._migrations[: self._applied])

    def up_to(self, name: str) -> None:
        """Apply the migrations up to ``name``, which is the last one applied."""
        self._up(self._position(name) + 1)

    def up_before(self, name: str) -> None:
        """Apply the migrations before ``name``, and not ``name`` itself."""
        self._up(self._position(name))

    def up(self) -> None:
        """Apply the next migration."""
        if self._applied == len(self._migrations):
            raise HistoryError("There is no further migration.", cure="All are applied.")
        self._up(self._applied + 1)

    def down(self) -> None:
        """Undo the last applied migration, even where that loses data."""
        down(self._url, self._migrations[: self._applied], allow_data_loss=True)
        self._applied -= 1

    def execute(
        self, sql: str, values: Sequence[Any] | Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        """Run ``sql``, commit, and return its rows as tuples; an empty list where it has none.

        ``values`` take the places of ``%s``, or of ``%(name)s``, as psycopg2 has them.
        """
        return fetch(self._connection, sql, values)

    def _up(self, count: int) -> None:
        if count < self._applied:
            raise HistoryError(
                f"{self._migrations[self._applied - 1].name} is applied already.",
                cure="Go back with down().",
            )
        deploy(self._url, self._migrations[:count])
        self._applied = count

    def _position(self, name: str) -> int:
        for position, migration in enumerate(self._migrations):
            if name in (migration.name, migration.name.partition("_")[2]):
                return position
        raise HistoryError(
            f"There is no migration called {name}.",
            cure=f"There are: {', '.join(each.name for each in self._migrations) or 'none'}.",
        )


@contextmanager
def migrator(settings: Settings, isolation: Isolation = Isolation.AUTO) -> Iterator[Migrator]:
    """Yield a migrator over the project's migrations, in a place that lasts as long as the body.

    Where the project has tenants, the place has the tables of one beside those that all share: both
    histories are applied in the order in which they were written.
    Raises ``DatabaseError``, and ``MigrationFileError`` for a folder that is no migration.
    """
    migrations = _read(settings)
    with empty_schema(resolve_databases(settings), settings, isolation) as (url, connection):
        yield Migrator(url, migrations, connection)


def _read(settings: Settings) -> tuple[Migration, ...]:
    if settings.tenants is None:
        return migration_directory.read(settings.migrations)
    found = histories.read(settings)
    return tuple(sorted((*found.shared, *found.tenant), key=lambda each: each.name))
