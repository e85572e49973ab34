"""A server that ends answers all that came before it closed its door."""

import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

import pytest
from waitress import create_server

from berceau.web import channel
from berceau.web.server import Ending, Service


def application(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Length", "4")])
    return [b"done"]


def test_a_request_that_was_not_read_yet_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the process stood still after it accepted the connection."""
    monkeypatch.setattr(channel, "QUIET", -1)
    sockets: dict[int, Any] = {}
    server = create_server(application, map=sockets, host="127.0.0.1", port=0)
    ending = Ending()
    ending.is_asked = True
    service = Service(server, sockets, 60, {}, ending)
    with (
        ThreadPoolExecutor(1) as thread,
        closing(HTTPConnection(*server.socket.getsockname())) as client,
    ):
        client.request("GET", "/")
        thread.submit(service.run).result()
        assert client.getresponse().read() == b"done"


TOLD_EARLY = """
import os, signal
from berceau.web import server

def create_server(*arguments, **options):
    made = create(*arguments, **options)
    os.kill(os.getpid(), signal.SIGTERM)
    return made

create, server.create_server = server.create_server, create_server
server.serve(lambda *_: [], {}, listen="127.0.0.1:0")
"""


def test_a_signal_that_comes_as_soon_as_it_listens_is_heeded() -> None:
    """Its default would end the process at once, with who is at the door."""
    ended = subprocess.run([sys.executable, "-c", TOLD_EARLY], capture_output=True, text=True)
    assert ended.returncode == 0, ended
