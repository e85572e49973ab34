"""Ports for the servers of tests."""

import random
import socket

# Below those that the system gives to outgoing connections: one of these could take the port
# between the look and the server's start.
PORTS = range(20_000, 32_000)


def free_port() -> int:
    """Return a port of this machine that nothing listened on a moment ago."""
    while True:
        port = random.choice(PORTS)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
