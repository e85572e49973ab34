"""More tables than a server with PostgreSQL's default settings can lock in one transaction."""

from collections.abc import Iterator

import pytest

from berceau.postgres.core.connection import connect
from berceau.postgres.core.url import Url
from berceau.postgres.embedded import cluster
from berceau.postgres.embedded.server import EmbeddedServer
from berceau.schema.model import Column, Enum, ForeignKey, PrimaryKey, Schema, Table
from berceau.schema.sql.text import to_text
from berceau.settings import Settings
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.deploy import deploy
from berceau.workflows.deploy.down import ZERO, down
from berceau.workflows.deploy.reset import reset
from berceau.workflows.shared.cache import SchemaCache
from berceau.workflows.write.migrate import Options, migrate
from tests.folders import open_folder

TABLES = 900


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Settings, Url]]:
    """A project on a server with PostgreSQL's default settings."""
    ours = [each for each in cluster.SETTINGS if "max_locks" not in each]
    monkeypatch.setattr(cluster, "SETTINGS", ours)
    with open_folder() as folder:
        server = EmbeddedServer(folder / ".berceau" / "postgres")
        server.start()
        owner, runtime = (url.with_password() for url in (server.owner_url, server.runtime_url))
        yield Settings(folder, runtime, owner), server.owner_url


def many() -> Schema:
    """Return tables that each refer to the next one, and an enum for each."""
    return Schema(
        enums=tuple(Enum(f"state{n}", ("a", "b")) for n in range(TABLES)),
        tables=tuple(
            Table(
                f"t{n:04}",
                (
                    Column("id", "integer", not_null=True, identity=True),
                    Column("note", "text"),
                    Column("state", f"state{n}"),
                    Column("other", "integer"),
                ),
                PrimaryKey(f"t{n:04}_pkey", ("id",)),
                foreign_keys=(
                    ForeignKey(
                        f"t{n:04}_other_fkey", ("other",), f"t{(n + 1) % TABLES:04}", ("id",)
                    ),
                ),
            )
            for n in range(TABLES)
        ),
    )


@pytest.mark.slow
def test_all_that_concerns_all_tables_fits_into_the_servers_locks(plain) -> None:
    settings, migration_url = plain

    def tables() -> int:
        with connect(migration_url) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_tables WHERE tablename ~ '^t[0-9]'")
            return cursor.fetchall()[0][0]

    done = migrate(settings, many(), Options(name="init"))
    assert tables() == TABLES
    written = migration_directory.read(settings.migrations)
    assert down(migration_url, written, ZERO, allow_data_loss=True) == (done.written,)
    assert tables() == 0
    assert deploy(migration_url, written) == (done.written,)
    assert reset(migration_url, written, SchemaCache(settings.cache)) == (done.written,)
    assert tables() == TABLES
    assert to_text(done.statements).count("BEGIN;") > 1
