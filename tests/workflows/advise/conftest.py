"""Projects whose clones are on the server of the project that is tested: none is started."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from berceau.planner.privacy import Privacy
from berceau.planner.statistics import Statistics
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.statistics.reading import read
from berceau.settings import Settings, load
from tests.conftest import Project, share_server

TABLES = """
CREATE TYPE state AS ENUM ('draft', 'published', 'gone');
CREATE TABLE person (id int PRIMARY KEY, email text NOT NULL, country text NOT NULL);
CREATE INDEX person_lower_idx ON person (lower(email));
CREATE TABLE post (
    id int PRIMARY KEY, author int NOT NULL REFERENCES person, state state NOT NULL,
    at timestamp NOT NULL, tags text[] NOT NULL);
CREATE INDEX post_author_idx ON post (author, at);
CREATE INDEX post_draft_idx ON post (at) WHERE state = 'draft';
CREATE INDEX post_tags_idx ON post USING gin (tags);
INSERT INTO person VALUES (0, 'first@example.org', 'fr');
"""
ROWS = """
INSERT INTO person SELECT i, 'p' || i || '@example.org', (ARRAY['fr', 'de', 'de'])[1 + i % 3]
    FROM generate_series(1, 2000) i;
INSERT INTO post SELECT i, i % 2001,
    (ARRAY['published', 'published', 'published', 'draft', 'gone'])[1 + i % 5]::state,
    timestamp '2026-01-01' + i * interval '1 min', ARRAY['a', 'tag' || i % 100]
    FROM generate_series(1, 30000) i;
"""


@pytest.fixture
def settings(connected: Project) -> Settings:
    """The settings of a project whose migration makes the tables, on a private empty schema."""
    share_server(connected)
    connected.migration("20260101000000_init", TABLES)
    connected.write(".env", "\n".join(f"{k}={v}" for k, v in connected.environment.items()))
    return load(connected.root)


@pytest.fixture
def source(database) -> Iterator[Connection]:
    """The owner's connection to the schema with the tables, filled and analysed."""
    with connect(database.migration_url, autocommit=True) as connection:
        with connection.cursor() as cursor:
            cursor.execute(TABLES + ROWS)
            cursor.execute("VACUUM (ANALYZE) person, post")
        yield connection


@pytest.fixture
def statistics(source, database) -> Callable[..., Statistics]:
    """Return the function that reads the statistics of the source."""

    def statistics(privacy: Privacy | None = None) -> Statistics:
        return read(source, database.migration_url.schema, privacy).statistics

    return statistics


@pytest.fixture
def data(settings) -> Path:
    """The data folder of the server that the clones are on."""
    return (settings.state / "postgres").resolve()
