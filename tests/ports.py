"""Ports for the servers of tests."""

import os
import random
import socket
from collections.abc import Iterator
from functools import cache

# Below those that the system gives to outgoing connections: one of these could take the port
# between the look and the server's start.
PORTS = range(20_000, 32_000)


def free_port() -> int:
    """Return a port of this machine that nothing listens on, and that no other test gets."""
    return next(port for port in _ports() if _is_free(port))


def is_open(port: int) -> bool:
    """Return whether a server listens on a port of this machine."""
    with socket.socket() as door:
        return door.connect_ex(("127.0.0.1", port)) == 0


@cache
def _ports() -> Iterator[int]:
    """Return the ports of this worker in any order, none of them twice.

    A server listens only a while after it got its port: until then another one could get it, too.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    mine = PORTS[worker::workers]
    return iter(random.sample(mine, len(mine)))


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
