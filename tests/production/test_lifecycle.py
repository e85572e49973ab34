"""A server ends without dropping a request that it accepted, and answers those who watch it."""

import signal
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import pytest

from tests.conftest import Project
from tests.ports import free_port
from tests.production.conftest import INI, SECRET
from tests.proxy import proxy

ENTITIES = """
class ShopOrder(db.Entity):
    number = Required(int)
"""
VIEWS = """
    import time
    from pathlib import Path

    from pyramid.response import Response

    from .entities import ShopOrder

    def includeme(config):
        for name in ("slow", "order"):
            config.add_route(name, f"/{name}/{{value}}")
            config.add_view(globals()[name], route_name=name)

    def note_begin():
        with Path("begun").open("a") as begun:
            begun.write(".")

    def slow(request):
        note_begin()
        time.sleep(float(request.matchdict["value"]))
        return Response("slow")

    def order(request):
        note_begin()
        ShopOrder(number=int(request.matchdict["value"]))
        time.sleep(0.3)
        return Response("ordered")
"""
DEVELOPMENT = """
    [app:main]
    use = egg:berceau#main
    berceau.root = %(here)s
    berceau.development = true

    [server:main]
    use = egg:berceau#main
"""


@pytest.fixture
def shop(connected) -> Project:
    """A project whose pages take their time, and write."""
    connected.component("shop", ENTITIES)
    connected.write("components/shop/__init__.py", VIEWS)
    connected.succeed("migrate")
    return connected


def until(condition, seconds=10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


@pytest.fixture
def await_requests(shop) -> Callable[[int], None]:
    """Return a function that waits until a number of requests has begun."""
    begun = shop.root / "begun"
    return lambda count: until(lambda: begun.exists() and begun.stat().st_size >= count)


@pytest.mark.usefixtures("shop")
class TestTheEnd:
    @pytest.mark.slow
    def test_what_was_accepted_is_answered_and_nothing_else_is(
        self, serve, query, await_requests
    ) -> None:
        served = serve()
        with ThreadPoolExecutor(12) as clients:
            answers = [clients.submit(served.request, f"/order/{n}") for n in range(12)]
            await_requests(3)  # two are done, and the others wait for one of two threads
            served.process.send_signal(signal.SIGTERM)
            until(lambda: not served.is_open(), 2)
            assert [answer.result() for answer in answers] == [(200, "ordered")] * 12
        assert served.process.wait(5) == 0
        assert sorted(query("SELECT number FROM shop_order")) == [(n,) for n in range(12)]
        assert "stopped" in served.messages()
        assert not [line for line in served.lines() if line["level"] == "ERROR"]

    @pytest.mark.slow
    def test_those_at_the_door_are_let_in(self, serve) -> None:
        served = serve()
        clients = [served.connect() for _ in range(20)]
        served.process.send_signal(signal.SIGSTOP)  # the kernel takes connections in any case
        for client in clients:
            client.request("GET", "/slow/0", headers={"Host": "shop.example.org"})
        served.process.send_signal(signal.SIGTERM)
        served.process.send_signal(signal.SIGCONT)
        assert [client.getresponse().read() for client in clients] == [b"slow"] * 20
        assert served.process.wait(5) == 0

    @pytest.mark.slow
    def test_a_request_of_which_a_part_came_is_waited_for(self, serve) -> None:
        served = serve()
        with socket.create_connection(("127.0.0.1", served.port)) as client:
            client.sendall(b"GET /slow/0 HTTP/1.1\r\nHost: shop.")
            time.sleep(0.3)
            served.process.send_signal(signal.SIGTERM)
            time.sleep(1.5)
            client.sendall(b"example.org\r\n\r\n")
            answer = client.makefile("rb").read()
        assert answer.startswith(b"HTTP/1.1 200 OK")
        assert b"\r\nConnection: close\r\n" in answer
        assert served.process.wait(5) == 0

    @pytest.mark.slow
    def test_connections_that_are_kept_alive_hold_nothing_up(self, serve) -> None:
        served = serve()
        with closing(served.connect()) as client:
            for _ in range(2):
                client.request("GET", "/slow/0", headers={"Host": "shop.example.org"})
                assert client.getresponse().read() == b"slow"
            assert served.terminate(3) == 0
            assert client.sock.recv(1) == b""

    @pytest.mark.slow
    def test_one_that_takes_too_long_is_left_and_named(self, serve, await_requests) -> None:
        served = serve(server="drain_seconds = 1")
        with ThreadPoolExecutor(1) as clients:
            answer = clients.submit(served.request, "/slow/60")
            await_requests(1)
            assert served.terminate(5) == 0
            assert answer.exception()
        assert "stopped with 1 requests unfinished after 1 s" in served.messages()

    @pytest.mark.slow
    def test_who_hangs_up_waits_for_what_was_accepted_as_well(self, serve, await_requests) -> None:
        served = serve()
        with ThreadPoolExecutor(1) as clients:
            answer = clients.submit(served.request, "/slow/1")
            await_requests(1)
            served.process.send_signal(signal.SIGHUP)
            assert answer.result() == (200, "slow")
        assert served.process.wait(5) == 0

    @pytest.mark.slow
    @pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
    def test_a_second_signal_ends_at_once(self, serve, second, await_requests) -> None:
        served = serve()
        with ThreadPoolExecutor(1) as clients:
            clients.submit(served.request, "/slow/60")
            await_requests(1)
            served.process.send_signal(signal.SIGTERM)
            until(lambda: not served.is_open(), 2)
            served.process.send_signal(second)
            assert served.process.wait(2) == 128 + second

    @pytest.mark.slow
    def test_a_port_that_is_taken_is_one_message(self, serve, shop) -> None:
        serve()
        result = shop.run(
            "pyramid.scripts.pserve",
            "production.ini",
            BERCEAU_SECRET=SECRET,
        )
        assert result.code == 1
        assert "The server can't start:" in result.err
        assert "[server:main]" in result.err
        assert "Traceback" not in result.err

    @pytest.mark.slow
    def test_every_door_is_closed(self, serve, await_requests) -> None:
        second = free_port()
        ini = INI.format(app="", server="", port="%(http_port)s")
        served = serve(ini=ini.replace("%(http_port)s", f"%(http_port)s 127.0.0.1:{second}"))
        other = replace(served, port=second)
        with ThreadPoolExecutor(2) as clients:
            answers = [clients.submit(each.request, "/slow/1") for each in (served, other)]
            await_requests(2)
            served.process.send_signal(signal.SIGTERM)
            until(lambda: not served.is_open() and not other.is_open(), 2)
            assert [answer.result() for answer in answers] == [(200, "slow")] * 2
        assert served.process.wait(5) == 0


class TestTheStart:
    @pytest.mark.parametrize(
        ("environment", "named"),
        [
            ({"DATABASE_URL": "", "MIGRATION_DATABASE_URL": ""}, "DATABASE_URL isn't set"),
            ({}, "BERCEAU_SECRET isn't set"),
            ({"BERCEAU_SECRET": "change-me"}, "BERCEAU_SECRET can be guessed"),
        ],
    )
    def test_what_is_missing_is_one_message(self, connected, environment, named) -> None:
        connected.write("production.ini", INI.format(app="", server="", port=free_port()))
        result = connected.run("pyramid.scripts.pserve", "production.ini", **environment)
        assert result.code == 1
        assert result.err.startswith(named)
        assert "Traceback" not in result.err
        assert "change-me" not in result.err

    def test_a_role_that_can_change_the_schema_is_refused(self, connected) -> None:
        owner = connected.environment["MIGRATION_DATABASE_URL"]
        connected.write("production.ini", INI.format(app="", server="", port=free_port()))
        result = connected.run(
            "pyramid.scripts.pserve", "production.ini", DATABASE_URL=owner, BERCEAU_SECRET=SECRET
        )
        assert result.code == 1
        assert "role berceau_owner can change the schema" in result.err
        assert "invoke db.provision" in result.err


class TestHealth:
    @pytest.mark.slow
    @pytest.mark.usefixtures("shop")
    def test_it_is_told_while_all_threads_are_busy(self, serve, await_requests) -> None:
        served = serve()
        with ThreadPoolExecutor(6) as clients:
            answers = [clients.submit(served.request, "/slow/3") for _ in range(6)]
            await_requests(2)
            start = time.monotonic()
            assert served.request("/healthz") == (200, "ok\n")
            assert served.request("/readyz") == (200, "ok\n")
            with socket.create_connection(("127.0.0.1", served.port), timeout=5) as client:
                client.sendall(b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n")
                assert client.recv(100).startswith(b"HTTP/1.1 400 ")
            assert time.monotonic() - start < 2
            assert not any(answer.done() for answer in answers)
            assert [answer.result() for answer in answers] == [(200, "slow")] * 6

    @pytest.mark.slow
    @pytest.mark.usefixtures("shop")
    @pytest.mark.parametrize("abstract", [False, True])
    def test_systemd_is_told_when_it_serves_and_when_it_ends(
        self, serve, tmp_path, abstract
    ) -> None:
        address = f"@berceau-{free_port()}" if abstract else str(tmp_path / "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
            systemd.bind(address.replace("@", "\0"))
            systemd.settimeout(20)
            served = serve(NOTIFY_SOCKET=address)
            assert systemd.recv(100) == b"READY=1"
            assert served.request("/slow/0") == (200, "slow")
            assert served.terminate() == 0
            assert systemd.recv(100) == b"STOPPING=1"

    @pytest.mark.slow
    def test_it_lives_and_is_ready_once_it_is_migrated(self, serve, connected) -> None:
        connected.component("shop", ENTITIES)
        connected.succeed("migrate", "--create-only", "--name", "shop")
        served = serve()
        assert served.request("/healthz", Host="10.0.0.1") == (200, "ok\n")
        status, text = served.request("/readyz", Host="10.0.0.1")
        assert status == 503
        assert text.startswith("migrations are pending: ")
        connected.succeed("migrate.deploy")
        until(lambda: served.request("/readyz") == (200, "ok\n"), 3)
        assert not [line for line in served.lines() if "healthz" in line["message"]]

    @pytest.mark.slow
    @pytest.mark.usefixtures("shop")
    def test_a_database_that_is_gone_is_told_without_its_secrets(self, serve, database) -> None:
        with proxy(database.runtime_url) as way:
            url = replace(way.url, password="open-sesame")
            served = serve(DATABASE_URL=url.with_password())
            assert served.request("/readyz") == (200, "ok\n")
            way.refusing = True
            until(lambda: served.request("/readyz")[0] == 503, 3)
            assert served.request("/readyz")[1] == "the database can't be used; the log says why\n"
            assert served.request("/healthz") == (200, "ok\n")
            assert any("not ready: No connection" in message for message in served.messages())
            assert "open-sesame" not in served.log.read_text()
            way.refusing = False
            until(lambda: served.request("/readyz")[0] == 200, 3)


@pytest.mark.slow
@pytest.mark.parametrize("address", ["/healthz", "readyz"])
def test_a_component_cannot_have_the_addresses(shop, address) -> None:
    shop.component("greedy")
    shop.write(
        "components/greedy/__init__.py",
        f"""
        def includeme(config):
            config.add_route("mine", "{address}")  # culprit
        """,
    )
    shop.write("development.ini", DEVELOPMENT)
    result = shop.run("pyramid.scripts.pserve", "development.ini")
    file, line = shop.culprit()
    assert result.code == 1
    assert "The route 'mine' has the address" in result.err
    assert f"component greedy, {file}:{line}" in result.err
