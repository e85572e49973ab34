"""A server ends without dropping a request that it accepted, and answers those who watch it."""

import signal
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace

import pytest

from tests.conftest import Project
from tests.ports import free_port
from tests.production.conftest import INI, SECRET
from tests.proxy import proxy
from tests.waiting import SECONDS, wait_until

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
        for name, path in (("quick", "/quick"), ("held", "/held"), ("order", "/order/{number}")):
            config.add_route(name, path)
            config.add_view(globals()[name], route_name=name)

    def hold():
        # Until the test lets requests go on.
        with Path("begun").open("a") as begun:
            begun.write(".")
        while not Path("go on").exists():
            time.sleep(0.01)

    def quick(request):
        return Response("quick")

    def held(request):
        hold()
        return Response("held")

    def order(request):
        ShopOrder(number=int(request.matchdict["number"]))
        hold()
        return Response("ordered")
"""
HOST = {"Host": "shop.example.org"}
ENDLESS = "drain_seconds = 1000000"
"""A server that waits for something doesn't end in time."""
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
    """A project with pages that take their time until ``go on`` is there, and write."""
    connected.component("shop", ENTITIES)
    connected.write("components/shop/__init__.py", VIEWS)
    connected.succeed("migrate")
    return connected


@pytest.fixture
def await_requests(shop) -> Callable[[int], None]:
    """Return a function that waits until a number of requests has begun."""
    begun = shop.root / "begun"
    return lambda count: wait_until(lambda: begun.exists() and begun.stat().st_size >= count)


@pytest.fixture
def let_go_on(shop) -> Callable[[], None]:
    """Return a function that lets the requests be answered that are held."""
    return (shop.root / "go on").touch


@pytest.mark.usefixtures("shop")
class TestTheEnd:
    @pytest.mark.slow
    def test_what_was_accepted_is_answered_and_nothing_else_is(
        self, serve, query, await_requests, let_go_on
    ) -> None:
        served = serve()
        with ExitStack() as stack:
            clients = [stack.enter_context(closing(served.connect())) for _ in range(12)]
            for number, client in enumerate(clients):
                client.request("GET", f"/order/{number}", headers=HOST)
            await_requests(2)  # the others wait for one of two threads
            served.process.send_signal(signal.SIGTERM)
            wait_until(lambda: not served.is_open())
            let_go_on()
            assert [client.getresponse().read() for client in clients] == [b"ordered"] * 12
        assert served.process.wait(SECONDS) == 0
        assert sorted(query("SELECT number FROM shop_order")) == [(n,) for n in range(12)]
        assert "stopped" in served.messages()
        assert not [line for line in served.lines() if line["level"] == "ERROR"]

    @pytest.mark.slow
    def test_those_at_the_door_are_let_in(self, serve) -> None:
        served = serve()
        clients = [served.connect() for _ in range(20)]
        served.process.send_signal(signal.SIGSTOP)  # the kernel takes connections in any case
        for client in clients:
            client.request("GET", "/quick", headers=HOST)
        served.process.send_signal(signal.SIGTERM)
        served.process.send_signal(signal.SIGCONT)
        assert [client.getresponse().read() for client in clients] == [b"quick"] * 20
        assert served.process.wait(SECONDS) == 0

    @pytest.mark.slow
    def test_a_request_of_which_a_part_came_is_waited_for(self, serve) -> None:
        served = serve()
        with socket.create_connection(("127.0.0.1", served.port)) as client:
            client.sendall(b"GET /quick HTTP/1.1\r\nHost: shop.")
            time.sleep(0.3)
            served.process.send_signal(signal.SIGTERM)
            time.sleep(1.5)
            client.sendall(b"example.org\r\n\r\n")
            answer = client.makefile("rb").read()
        assert answer.startswith(b"HTTP/1.1 200 OK")
        assert b"\r\nConnection: close\r\n" in answer
        assert served.process.wait(SECONDS) == 0

    @pytest.mark.slow
    def test_connections_that_are_kept_alive_hold_nothing_up(self, serve) -> None:
        served = serve(server=ENDLESS)
        with closing(served.connect()) as client:
            for _ in range(2):
                client.request("GET", "/quick", headers=HOST)
                assert client.getresponse().read() == b"quick"
            assert served.terminate() == 0
            assert client.sock.recv(1) == b""

    @pytest.mark.slow
    def test_one_that_takes_too_long_is_left_and_named(self, serve, await_requests) -> None:
        served = serve(server="drain_seconds = 1")
        with ThreadPoolExecutor(1) as clients:
            answer = clients.submit(served.request, "/held")
            await_requests(1)
            assert served.terminate() == 0
            assert answer.exception()
        assert "stopped with 1 requests unfinished after 1 s" in served.messages()

    @pytest.mark.slow
    def test_who_hangs_up_waits_for_what_was_accepted_as_well(
        self, serve, await_requests, let_go_on
    ) -> None:
        served = serve()
        with ThreadPoolExecutor(1) as clients:
            answer = clients.submit(served.request, "/held")
            await_requests(1)
            served.process.send_signal(signal.SIGHUP)
            wait_until(lambda: not served.is_open())
            let_go_on()
            assert answer.result() == (200, "held")
        assert served.process.wait(SECONDS) == 0

    @pytest.mark.slow
    @pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
    def test_a_second_signal_ends_at_once(self, serve, second, await_requests) -> None:
        served = serve(server=ENDLESS)
        with ThreadPoolExecutor(1) as clients:
            clients.submit(served.request, "/held")
            await_requests(1)
            served.process.send_signal(signal.SIGTERM)
            wait_until(lambda: not served.is_open())
            served.process.send_signal(second)
            assert served.process.wait(SECONDS) == 128 + second

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
    def test_every_door_is_closed(self, serve, await_requests, let_go_on) -> None:
        second = free_port()
        ini = INI.format(app="", server="", port="%(http_port)s")
        served = serve(ini=ini.replace("%(http_port)s", f"%(http_port)s 127.0.0.1:{second}"))
        other = replace(served, port=second)
        with ThreadPoolExecutor(2) as clients:
            answers = [clients.submit(each.request, "/held") for each in (served, other)]
            await_requests(2)
            served.process.send_signal(signal.SIGTERM)
            wait_until(lambda: not served.is_open() and not other.is_open())
            let_go_on()
            assert [answer.result() for answer in answers] == [(200, "held")] * 2
        assert served.process.wait(SECONDS) == 0


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
    def test_it_is_told_while_all_threads_are_busy(self, serve, await_requests, let_go_on) -> None:
        served = serve()
        with ThreadPoolExecutor(6) as clients:
            answers = [clients.submit(served.request, "/held") for _ in range(6)]
            await_requests(2)
            assert served.request("/healthz") == (200, "ok\n")
            assert served.request("/readyz") == (200, "ok\n")
            with socket.create_connection(("127.0.0.1", served.port), timeout=SECONDS) as client:
                client.sendall(b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n")
                assert client.recv(100).startswith(b"HTTP/1.1 400 ")
            assert not any(answer.done() for answer in answers)
            let_go_on()
            assert [answer.result() for answer in answers] == [(200, "held")] * 6

    @pytest.mark.slow
    @pytest.mark.usefixtures("shop")
    @pytest.mark.parametrize("abstract", [False, True])
    def test_systemd_is_told_when_it_serves_and_when_it_ends(
        self, serve, tmp_path, abstract
    ) -> None:
        address = f"@berceau-{free_port()}" if abstract else str(tmp_path / "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
            systemd.bind(address.replace("@", "\0"))
            systemd.settimeout(SECONDS)
            served = serve(NOTIFY_SOCKET=address)
            assert systemd.recv(100) == b"READY=1"
            assert served.request("/quick") == (200, "quick")
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
        wait_until(lambda: served.request("/readyz") == (200, "ok\n"))
        assert not [line for line in served.lines() if "healthz" in line["message"]]

    @pytest.mark.slow
    @pytest.mark.usefixtures("shop")
    def test_a_database_that_is_gone_is_told_without_its_secrets(self, serve, database) -> None:
        with proxy(database.runtime_url) as way:
            url = replace(way.url, password="open-sesame")
            served = serve(DATABASE_URL=url.with_password())
            assert served.request("/readyz") == (200, "ok\n")
            way.refusing = True
            wait_until(lambda: served.request("/readyz")[0] == 503)
            assert served.request("/readyz")[1] == "the database can't be used; the log says why\n"
            assert served.request("/healthz") == (200, "ok\n")
            assert any("not ready: No connection" in message for message in served.messages())
            assert "open-sesame" not in served.log.read_text()
            way.refusing = False
            wait_until(lambda: served.request("/readyz")[0] == 200)


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
