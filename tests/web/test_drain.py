"""A server that ends answers all that came before it closed its door."""

import signal
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

import pytest
from waitress import create_server

from berceau.web import channel
from berceau.web.server import Service


def application(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Length", "4")])
    return [b"done"]


def test_a_request_that_was_not_read_yet_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the process stood still after it accepted the connection."""
    monkeypatch.setattr(channel, "QUIET", -1)
    sockets: dict[int, Any] = {}
    server = create_server(application, map=sockets, host="127.0.0.1", port=0)
    service = Service(server, sockets, 60, {})
    with (
        ThreadPoolExecutor(1) as thread,
        closing(HTTPConnection(*server.socket.getsockname())) as client,
    ):
        client.request("GET", "/")
        service._stop(signal.SIGTERM, None)
        thread.submit(service.run).result()
        assert client.getresponse().read() == b"done"
