"""A way to the server that breaks when it is told to."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

from berceau.postgres.core.url import Url

COMMIT = b"COMMIT\x00"
# What a server tells its clients where another of its processes crashed: they get no error.
CRASH = b"N\x00\x00\x00\x25SWARNING\x00VWARNING\x00C57P02\x00Mcrash\x00\x00"


@dataclass
class Proxy:
    """Forwards bytes between clients and the server of ``url``, until ``cut`` says otherwise.

    ``cut`` is ``"before"`` to break a connection instead of passing a COMMIT on, ``"after"`` to
    pass it on and break the connection before the answer; either happens once. ``at`` is another
    message than COMMIT, by a part of it. ``refusing`` turns new clients away. Where ``left`` is a
    number, all ends after so many messages of clients, as if these were killed.
    """

    target: Url
    cut: str | None = None
    at: bytes = COMMIT
    left: int | None = None
    refusing: bool = False
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    clients: list[socket.socket] = field(default_factory=list)

    @property
    def url(self) -> Url:
        name = self.listener.getsockname()
        where = (str(Path(name).parent), 5432) if isinstance(name, str) else name
        return replace(self.target, hosts=(where,))

    def crash(self) -> None:
        """End all connections, as a server does in which another process crashed.

        The next write of a client fails at once, if the way is a Unix socket.
        """
        for each in self.clients:
            each.sendall(CRASH)
            each.shutdown(socket.SHUT_RDWR)
        self.clients.clear()

    def serve(self) -> None:
        with suppress(OSError):  # it is closed at the end
            while True:
                client, _ = self.listener.accept()
                if self.refusing or self.left == 0:
                    client.close()
                    continue
                self.clients.append(client)
                Thread(target=self._forward, args=(client, self._server()), daemon=True).start()

    def _server(self) -> socket.socket:
        ((host, port),) = self.target.hosts
        if not host.startswith("/"):
            return socket.create_connection((host, port or 5432))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{host}/.s.PGSQL.{port or 5432}")
        return server

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        Thread(target=self._answer, args=(server, client), daemon=True).start()
        with suppress(OSError), client, server, _ended(server):
            while (message := client.recv(65536)) and self.left != 0:
                if self.left is not None:
                    self.left -= 1
                cut = self.cut if self.at in message else None
                if cut is not None:
                    self.cut = None
                if cut == "before":
                    break
                if cut == "after":
                    client.shutdown(socket.SHUT_RDWR)
                server.sendall(message)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while message := server.recv(65536):
                client.sendall(message)
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


@contextmanager
def _ended(connection: socket.socket) -> Iterator[None]:
    """Let the other side know at the end, though a thread still listens to it."""
    try:
        yield
    finally:
        connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxy(target: Url, *, local: bool = False) -> Iterator[Proxy]:
    """Run a proxy before the server of ``target``, which has one host.

    It listens on a port, or on a Unix socket if it is ``local``.
    """
    with TemporaryDirectory() as folder:
        running = Proxy(target)
        if local:
            running.listener.close()
            running.listener = socket.socket(socket.AF_UNIX)
            running.listener.bind(f"{folder}/.s.PGSQL.5432")
            running.listener.listen()
        Thread(target=running.serve, daemon=True).start()
        with running.listener:
            yield running
