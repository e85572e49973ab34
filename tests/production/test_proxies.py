"""The proxies of docs/production, before processes that production.ini serves."""

import http.client
import os
import re
import socket
import ssl
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.ports import free_port, is_open
from tests.production.conftest import program, shown
from tests.waiting import SECONDS, wait_until

pytestmark = [pytest.mark.usefixtures("demo"), pytest.mark.slow]

HOST = "shop.example.org"
PRODUCTION = (ROOT / "production.ini").read_text()
NGINX = """
daemon off;
error_log stderr;
pid {folder}/pid;
{user}
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/shop.conf;
}}
"""


@dataclass
class Site:
    """The application behind a proxy: its processes, and the two doors of the proxy."""

    processes: list
    plain: int
    secure: int
    certificate: Path
    log: Path

    def connect(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(HOST, timeout=SECONDS)
        context = ssl.create_default_context(cafile=self.certificate)
        plain = socket.create_connection(("127.0.0.1", self.secure), timeout=SECONDS)
        connection.sock = context.wrap_socket(plain, server_hostname=HOST)
        return connection

    def request(self, path, method="GET", body=None, **headers) -> tuple[int, Any, str]:
        with closing(self.connect()) as connection:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.headers, response.read().decode()


@pytest.fixture(scope="module")
def keys(tmp_path_factory) -> Path:
    """A folder with a certificate for the site, signed by itself, and its key."""
    folder = tmp_path_factory.mktemp("keys")
    command = [program("openssl"), "req", "-x509", "-nodes", "-days", "1", "-newkey", "rsa:2048"]
    command += ["-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}"]
    command += ["-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem"]
    subprocess.run(command, check=True, capture_output=True)
    parts = [(folder / name).read_text() for name in ("fullchain.pem", "privkey.pem")]
    (folder / "shop.pem").write_text("".join(parts))
    return folder


@contextmanager
def running(command: list, door: int, output: Path) -> Iterator[None]:
    """Let a proxy run while the body does, from when its ``door`` opens."""
    with output.open("w") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: is_open(door), output, process)
        yield
    finally:
        process.terminate()
        process.wait(timeout=SECONDS)


@contextmanager
def nginx(folder: Path, keys: Path, plain: int, secure: int, ports: list[int]) -> Iterator[None]:
    replacements = {
        "listen 80": f"listen 127.0.0.1:{plain}",
        "listen 443": f"listen 127.0.0.1:{secure}",
        "127.0.0.1:6543": f"127.0.0.1:{ports[0]}",
        "127.0.0.1:6544": f"127.0.0.1:{ports[1]}",
        "/etc/ssl/shop": str(keys),
        "/var/log/nginx/shop.log": f"{folder}/access.log",
    }
    (folder / "shop.conf").write_text(shown("nginx.conf", replacements))
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, user=user))
    command = [program("nginx"), "-p", folder, "-c", folder / "nginx.conf", "-e", "stderr"]
    subprocess.run([*command, "-t"], check=True, capture_output=True)
    with running(command, secure, folder / "output"):
        yield


@contextmanager
def haproxy(folder: Path, keys: Path, plain: int, secure: int, ports: list[int]) -> Iterator[None]:
    replacements = {
        "bind :80": f"bind 127.0.0.1:{plain}",
        "bind :443": f"bind 127.0.0.1:{secure}",
        "10.0.0.11:6543": f"127.0.0.1:{ports[0]}",
        "10.0.0.11:6544": f"127.0.0.1:{ports[1]}",
        # The other host is down.
        "10.0.0.12:6543": f"127.0.0.1:{free_port()}",
        "10.0.0.12:6544": f"127.0.0.1:{free_port()}",
        "/etc/ssl/shop": str(keys),
    }
    (folder / "haproxy.cfg").write_text(shown("haproxy.cfg", replacements))
    command = [program("haproxy"), "-f", folder / "haproxy.cfg"]
    subprocess.run([*command, "-c"], check=True, capture_output=True)
    log = folder / "access.log"
    with running([*command, "-db"], secure, log):
        # The other host's two servers are.
        wait_until(lambda: log.read_text().count("is DOWN") >= 2, log)
        yield


@pytest.fixture(params=[nginx, haproxy], ids=["nginx", "haproxy"])
def site(request, serve, keys, tmp_path) -> Iterator[Site]:
    program(request.param.__name__)
    processes = [serve(ini=PRODUCTION) for _ in range(2)]
    plain, secure = free_port(), free_port()
    ports = [process.port for process in processes]
    with request.param(tmp_path, keys, plain, secure, ports):
        yield Site(processes, plain, secure, keys / "fullchain.pem", tmp_path / "access.log")


def test_visitors_are_served_over_tls(site, query) -> None:
    status, headers, page = site.request("/demo/posts")
    assert status == 200
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    assert headers["Server"] in {None, "nginx"}
    assert re.fullmatch("[0-9a-f-]{32,36}", headers["X-Request-ID"])
    cookie = headers["Set-Cookie"]
    assert cookie.startswith("__Host-csrf_token=")
    assert "secure" in cookie.lower()

    token = re.search('name="csrf_token" value="([0-9a-f]+)"', page)[1]
    body = f"csrf_token={token}&title=Over+TLS&content=b&status=DRAFT&name=c&email=d@example.org"
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie.split(";")[0]}
    assert site.request("/demo/posts", "POST", body, **headers)[0] == 400  # from nowhere
    headers["Origin"] = f"https://{HOST}"
    status, headers, _ = site.request("/demo/posts", "POST", body, **headers)
    assert status == 303
    assert headers["Location"] == f"https://{HOST}/demo/posts"
    assert query("SELECT title FROM demo_post") == [("Over TLS",)]

    with closing(http.client.HTTPConnection("127.0.0.1", site.plain)) as connection:
        connection.request("GET", "/demo", headers={"Host": HOST})
        response = connection.getresponse()
        assert response.status == 301
        assert response.headers["Location"] == f"https://{HOST}/demo"

    lies = {"X-Forwarded-Proto": "http", "X-Forwarded-For": "1.2.3.4", "X-Request-ID": "mine"}
    status, headers, _ = site.request("/demo", **lies)
    assert status == 200
    assert headers["X-Request-ID"] != "mine"
    assert "Strict-Transport-Security" in headers
    assert site.request("/demo", "POST", **{"Content-Length": str(11 * 1024 * 1024)})[0] == 413


SPELLINGS = [
    *("/healthz", "/readyz", "/metrics", "/%72eadyz", "/%2freadyz", "//readyz", "/./readyz"),
    *("/readyz?x", "/readyz;x", "/x/../readyz", "/x/%2e%2e/readyz", "/readyz%00", "/%2572eadyz"),
    *("/%68%65%61%6c%74%68%7a", "/READYZ", "/readyz/", f"https://{HOST}/readyz", "/readyz#x"),
]


def test_how_the_application_is_no_visitor_learns(site) -> None:
    for path in SPELLINGS:
        status, _, page = site.request(path)
        assert status in {400, 404}, path
        assert page != "ok\n", path


def test_the_logs_of_proxy_and_application_name_a_request_and_its_visitor(site) -> None:
    _, headers, _ = site.request("/demo?token=secret")
    found = headers["X-Request-ID"]
    wait_until(lambda: found in site.log.read_text(), site.log)
    (line,) = [line for line in site.log.read_text().splitlines() if found in line]
    assert line.startswith("127.0.0.1 ")
    assert "GET /demo" in line
    assert "secret" not in line
    lines = [line for process in site.processes for line in process.lines()]
    (line,) = [line for line in lines if line.get("request_id") == found]
    assert line["client_addr"] == "127.0.0.1"


def test_processes_are_replaced_without_a_visitor_noticing(site) -> None:
    statuses = []
    enough = Event()

    def visit() -> None:
        while not enough.is_set():
            statuses.append(site.request("/demo")[0])

    def wait_for_visits(count: int) -> None:
        awaited = len(statuses) + count
        wait_until(lambda: len(statuses) >= awaited)

    with ThreadPoolExecutor(4) as visitors:
        visits = [visitors.submit(visit) for _ in range(4)]
        try:
            wait_for_visits(100)
            assert site.processes[0].terminate() == 0
            wait_for_visits(100)
        finally:
            enough.set()
        for each in visits:
            each.result()
    assert set(statuses) == {200}
    assert len(statuses) > 20
