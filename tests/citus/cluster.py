"""Servers of Citus that tests start, freeze and kill: a coordinator, two others, and a spare one.

BERCEAU_TEST_CITUS_PROGRAMS is the folder of the programs of a PostgreSQL that has Citus.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import execute, fetch
from berceau.postgres.core.url import Url
from tests.replication import Node, nodes

VARIABLE = "BERCEAU_TEST_CITUS_PROGRAMS"
DATABASE = "app"
SETTINGS = {
    "shared_preload_libraries": "citus",
    "wal_level": "logical",
    "max_connections": "150",
    "max_locks_per_transaction": "128",
}


@dataclass
class Cluster:
    """A coordinator and the other servers, of which Citus knows those in ``others``."""

    coordinator: Node
    others: list[Node]
    spare: Node

    @property
    def admin(self) -> Url:
        return replace(self.coordinator.url, database=DATABASE)

    def ask(self, sql: str) -> list[tuple]:
        """Return what the coordinator answers to its administrator."""
        with connect(self.admin, autocommit=True) as connection:
            return fetch(connection, sql)

    def add(self, node: Node) -> None:
        """Tell Citus of a server."""
        self.ask(f"SELECT citus_add_node('127.0.0.1', {node.port})")

    def server_at(self, place: str) -> Node:
        """Return the server at ``host:port``."""
        return next(node for node in self.others if place.endswith(f":{node.port}"))


def programs() -> Path | None:
    """Return the folder of a PostgreSQL with Citus, if there is one."""
    folder = os.environ.get(VARIABLE)
    return Path(folder) if folder else None


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Run servers of the programs in ``folder`` while the body runs."""
    with nodes(4, folder) as made:
        for node in made:
            node.make()
            node.configure(**SETTINGS)
            node.start()
            node.ask(f"CREATE DATABASE {DATABASE}")
            with connect(replace(node.url, database=DATABASE), autocommit=True) as connection:
                execute(connection, "CREATE EXTENSION citus")
        coordinator, *others, spare = made
        running = Cluster(coordinator, others, spare)
        running.ask(f"SELECT citus_set_coordinator_host('127.0.0.1', {coordinator.port})")
        for node in others:
            running.add(node)
        yield running
