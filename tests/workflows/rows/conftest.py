"""The entities of ``world``, in a schema of their own, which each test finds filled."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from berceau.orm.session import unit_of_work
from berceau.planner.privacy import Privacy
from berceau.postgres.core.connection import Connection
from berceau.postgres.inspect.scratch import scratch
from berceau.workflows.rows.browsing import Browsing, Page, browse
from berceau.workflows.rows.entities import Entities, read_entities
from berceau.workflows.shared.databases import Databases
from tests.orm.conftest import create_tables
from tests.workflows.rows import world


@pytest.fixture(scope="session")
def tables(server: Databases) -> Iterator[Connection]:
    """An autocommit connection of the owner to a schema with the tables: they are mapped once."""
    with scratch(server.migration_url) as connection:
        create_tables(world.database, server, connection)
        yield connection
        world.database.disconnect()


@pytest.fixture
def reader(tables: Connection) -> Iterator[Connection]:
    with unit_of_work():
        world.fill()
    yield tables
    with unit_of_work():
        for table in world.TABLES:
            world.database.execute(f"DELETE FROM {table}")


@pytest.fixture
def entities(tables: Connection) -> Entities:  # noqa: ARG001 (they map the entities)
    return read_entities(Privacy(), world.database)


@pytest.fixture
def look(reader: Connection, entities: Entities) -> Callable[..., Page]:
    """Return a function that shows a page of an entity."""

    def look(entity: str, limit: int = 50, **how: Any) -> Page:
        return browse(reader, entities, Browsing(entity, **how), limit)

    return look
