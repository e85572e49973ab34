"""Bytes that no browser sends: refused as the sender's mistake, and the site goes on."""

import json
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from random import Random
from textwrap import dedent

import psutil
import pytest

from benchmarks.odd_requests import KINDS
from tests.waiting import SECONDS, wait_until

pytestmark = pytest.mark.slow

HOST = b"Host: shop.example.org\r\n"
END = b"Connection: close\r\n\r\n"


# How long, in seconds, a server that says nothing is heard.
WAIT = 0.3


def send(port, data) -> bytes:
    """Return all that the server answers to ``data``, until it closes the connection."""
    with sent(port, data) as client:
        return heard(client, SECONDS, SECONDS)


def sent(port, data) -> socket.socket:
    """Return a new connection, by which ``data`` was sent as far as the server reads it."""
    client = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
    with suppress(BrokenPipeError, ConnectionResetError):
        client.sendall(data)
    return client


def heard(client, begins, goes_on=WAIT) -> bytes:
    """Return the answer, which may take so many seconds to begin and to go on."""
    client.settimeout(begins)
    answer = b""
    with suppress(TimeoutError, ConnectionResetError):
        while part := client.recv(65536):
            answer += part
            client.settimeout(goes_on)
    return answer


REFUSED = {
    "a header too large": (
        b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"x" * 70_000 + b"\r\n" + END,
        431,
    ),
    "a body too large": (
        b"POST /demo/posts HTTP/1.1\r\n" + HOST + b"Content-Length: 99999999999\r\n" + END,
        413,
    ),
    "a chunk too large": (
        b"POST /demo/posts HTTP/1.1\r\n"
        + HOST
        + b"Transfer-Encoding: chunked\r\n"
        + END
        + b"b00000\r\n"
        + b"x" * 0xB00000
        + b"\r\n0\r\n\r\n",
        413,
    ),
    "a length without end": (
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: " + b"9" * 5000 + b"\r\n" + END,
        413,
    ),
    "a body that is sent whole, and too large": (
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 12000000\r\n" + END + b"x" * 12_000_000,
        413,
    ),
    "an address too long": (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n" + HOST + END, 414),
    "an address without end": (b"GET /" + b"x" * 9000, 414),
    "an address that is none": (b"GET http://[ HTTP/1.1\r\n" + HOST + END, 400),
    "a chunk's size without end": (
        b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n" + END + b"1" * 99_999,
        400,
    ),
    "a chunk's size that is too large": (
        b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n" + END + b"fffffff\r\na",
        413,
    ),
    "a trailer without end": (
        b"POST / HTTP/1.1\r\n"
        + HOST
        + b"Transfer-Encoding: chunked\r\n"
        + END
        + b"0\r\n"
        + b"a: b\r\n" * 99_999,
        400,
    ),
    "a year that is none": (
        b"GET /static/berceau/berceau.css HTTP/1.1\r\n"
        + HOST
        + b"If-Modified-Since: Mon, 01 Jan 99999999999999 00:00:00 GMT\r\n"
        + END,
        200,
    ),
    "no number as length": (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n" + END, 400),
    "two lengths": (
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n" + END + b"ab",
        400,
    ),
    "an unknown coding": (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: odd\r\n" + END, 501),
    "chunks that are none": (
        b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n" + END + b"zz\r\n",
        400,
    ),
    "a NUL in a header": (b"GET / HTTP/1.1\r\n" + HOST + b"X: a\x00b\r\n" + END, 400),
    "a bare line feed": (b"GET / HTTP/1.1\r\n" + HOST + b"X: a\nY: b\r\n" + END, 400),
    "no request": (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400),
    "no host": (b"GET / HTTP/1.1\r\n" + END, 400),
    "another host": (b"GET / HTTP/1.1\r\nHost: evil.example\r\n" + END, 400),
    "two hosts": (b"GET / HTTP/1.1\r\n" + HOST + b"Host: evil.example\r\n" + END, 400),
    "a NUL in the address": (b"GET /%00 HTTP/1.1\r\n" + HOST + END, 404),
    "a NUL in a key": (b"GET /demo/posts/%00/delete HTTP/1.1\r\n" + HOST + END, 405),
    "no UTF-8": (b"GET /%ff%fe HTTP/1.1\r\n" + HOST + END, 400),
    "an unknown method": (b"ODD /demo HTTP/1.1\r\n" + HOST + END, 405),
    "a method in vain": (b"PUT /demo HTTP/1.1\r\n" + HOST + END, 405),
    "a header injected": (b"GET /%0d%0aSet-Cookie:%20evil=1 HTTP/1.1\r\n" + HOST + END, 404),
    "a way up": (b"GET /static/demo/../../../../etc/passwd HTTP/1.1\r\n" + HOST + END, 404),
    "a way up, encoded": (
        b"GET /static/demo/%2e%2e%2f%2e%2e%2fviews.py HTTP/1.1\r\n" + HOST + END,
        404,
    ),
    "a way up, backwards": (b"GET /static/demo/..%5c..%5cviews.py HTTP/1.1\r\n" + HOST + END, 404),
    "an absolute file": (b"GET /static/demo//etc/passwd HTTP/1.1\r\n" + HOST + END, 404),
    "a source file": (b"GET /static/demo/../views.py HTTP/1.1\r\n" + HOST + END, 404),
    "a template": (b"GET /static/berceau/../templates/layout.pt HTTP/1.1\r\n" + HOST + END, 404),
}


@pytest.mark.usefixtures("demo")
def test_it_is_refused_and_the_site_goes_on(serve) -> None:
    served = serve()
    found = {}
    for name, (data, _) in REFUSED.items():
        answer = send(served.port, data)
        found[name] = int(answer.split(b" ", 2)[1]) if answer else None
        head = answer.partition(b"\r\n\r\n")[0].lower()
        assert b"server:" not in head, name
        assert b"evil" not in head, name
        assert b"root:" not in answer, name
        assert b"traceback" not in answer.lower(), name
        assert served.request("/demo")[0] == 200, name
    assert found == {name: status for name, (_, status) in REFUSED.items()}
    lines = served.lines()
    assert not [line for line in lines if line["level"] == "ERROR"]
    logged = [line["status"] for line in lines if line["logger"] == "berceau.access"]
    for status in set(found.values()):
        assert logged.count(status) >= list(found.values()).count(status), status


@pytest.mark.usefixtures("demo")
def test_what_is_refused_after_a_request_is_answered_after_it(serve) -> None:
    served = serve()
    first = b"GET /demo HTTP/1.1\r\n" + HOST + b"\r\n"
    for count in (1, 5):
        answer = send(served.port, first * count + REFUSED["no number as length"][0])
        assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"200"] * count + [b"400"]
        assert answer.endswith(b"}\n")


@pytest.mark.usefixtures("demo")
def test_what_no_application_sees_is_a_page_or_a_problem(serve) -> None:
    served = serve()
    for name in ("a body too large", "no number as length", "an unknown coding"):
        data, status = REFUSED[name]
        page = send(served.port, data.replace(HOST, HOST + b"Accept: text/html, */*\r\n"))
        assert b"\r\nContent-Type: text/html; charset=utf-8\r\n" in page
        assert page.endswith(b"</html>\n")
        for accept in (b"", b"Accept: application/json\r\n"):
            head, _, body = send(served.port, data.replace(HOST, HOST + accept)).partition(
                b"\r\n\r\n"
            )
            assert b"\r\nContent-Type: application/problem+json\r\n" in head
            assert b"\r\nVary: Accept\r\n" in head
            assert json.loads(body)["status"] == status
    large = REFUSED["a header too large"][0]
    assert send(served.port, large).endswith(b"</html>\n")
    for accept, kind in ((b"application/json", b"problem+json"), (b"text/html", b"text/html")):
        answer = send(served.port, large.replace(HOST, HOST + b"Accept: " + accept + b"\r\n"))
        assert answer.split(b" ", 2)[1] == b"431"
        assert kind in answer.partition(b"\r\n\r\n")[0]


FAILING = """
    def includeme(config):
        config.add_route("failing", "/failing")
        config.add_view(fail, route_name="failing")
        config.add_exception_view(fail, context=LookupError)


    def fail(request):
        raise LookupError("deep down")
"""


def test_an_error_while_an_error_is_answered_is_a_page_or_a_problem(connected, serve) -> None:
    folder = connected.root / "components" / "failing"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(dedent(FAILING))
    served = serve()
    for accept, begin in (("text/html", "<!DOCTYPE html>"), ("*/*", "{")):
        status, text = served.request("/failing", Accept=accept)
        assert status == 500
        assert text.startswith(begin)
        assert "deep down" not in text
        assert "Traceback" not in text
    assert served.request("/nowhere")[0] == 404


FORMED = """
    def errors_of(request, problem) -> dict[str, str]:
        return {request.path: problem.detail}

    def includeme(config):
        config.format_errors(errors_of, prefix="/api")
"""


def test_what_the_server_refuses_below_an_api_has_the_form_of_its_errors(connected, serve) -> None:
    folder = connected.root / "components" / "formed"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(dedent(FORMED))
    served = serve()
    data = REFUSED["a body too large"][0].replace(b"/demo/posts", b"/api/posts")
    head, _, body = send(served.port, data).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413 ")
    assert b"\r\nContent-Type: application/json\r\n" in head
    assert json.loads(body) == {"/api/posts": "Nothing was saved. Send less at once."}
    assert b"application/problem+json" in send(served.port, REFUSED["a body too large"][0])
    assert b"\r\nContent-Type: application/json\r\n" in send(
        served.port, REFUSED["an address too long"][0].replace(b"GET /", b"GET /api/")
    )


@pytest.mark.usefixtures("demo")
def test_who_expects_to_go_on_with_nothing_is_answered_at_once(serve) -> None:
    served = serve()
    expecting = b"GET /demo HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\n"
    for length in (b"", b"Content-Length: 0\r\n"):
        assert send(served.port, expecting + length + END).startswith(b"HTTP/1.1 200 ")
    start = b"POST /demo/posts HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\n"
    answer = send(served.port, start + b"Content-Length: 3\r\n" + END + b"a=b")
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"100", b"400"]


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("wish", [b"close", b"TE, Close", b"close,te", b"x\r\nConnection: close"])
def test_who_wishes_the_connection_to_end_gets_that(serve, wish) -> None:
    served = serve()
    with socket.create_connection(("127.0.0.1", served.port), timeout=SECONDS) as client:
        client.sendall(b"GET /demo HTTP/1.1\r\n" + HOST + b"Connection: " + wish + b"\r\n\r\n")
        while client.recv(65536):
            pass


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.mark.usefixtures("demo")
def test_odd_requests_of_every_kind_are_answered(serve, stack) -> None:
    """``python benchmarks/fuzz.py`` sends 50,000 of them."""
    served = serve()
    random = Random(11)
    answers, silent = [], []
    for kind, (share, make) in KINDS.items():
        for _ in range(share if share > 1 else 0):
            data = make(random)
            client = stack.enter_context(sent(served.port, data))
            # What was cut may be no whole request: then the server waits for the rest.
            may_wait = kind in {"raw bytes", "broken framing"}
            answer = heard(client, WAIT if may_wait else SECONDS)
            assert answer or may_wait, data
            if answer:
                answers.append((data, answer))
                client.close()
            else:
                silent.append((data, client))
    # The server has answered all that came later: by now it has answered these, too, or waits.
    answers += [(data, answer) for data, client in silent if (answer := heard(client, WAIT))]
    for data, answer in answers:
        assert answer[9:12] != b"500", data
    answered = len(answers)
    lines = served.lines()
    logged = [line for line in lines if line["logger"] == "berceau.access"]
    probes = answered - len(logged)  # /healthz and /readyz have no line
    assert 0 <= probes < answered / 20
    assert not [line for line in lines if line["level"] == "ERROR"]


@pytest.mark.usefixtures("demo")
def test_large_bodies_leave_no_file_open(serve) -> None:
    served = serve()
    form = b"Content-Type: multipart/form-data; boundary=x\r\n"
    body = b'--x\r\nContent-Disposition: form-data; name="a"; filename="f"\r\n\r\n'
    body += b"x" * 700_000 + b"\r\n--x--\r\n"
    start = b"POST /demo/posts HTTP/1.1\r\n" + HOST + form
    whole = start + b"Content-Length: %d\r\n" % len(body) + END + body
    process = psutil.Process(served.process.pid)
    assert served.request("/demo")[0] == 200  # it is connected to the database
    before = process.num_fds()
    most = 0
    for number in range(200):
        if number % 2:
            assert send(served.port, whole).startswith(b"HTTP/1.1 400 ")
        else:  # who leaves in the middle
            with socket.create_connection(("127.0.0.1", served.port), timeout=SECONDS) as client:
                client.sendall(whole[:-9])
        most = max(most, process.num_fds())
    # The connections that are being closed have descriptors, too.
    assert most < before + 8
    wait_until(lambda: process.num_fds() <= before, served.log)


PASSED_ON = {
    "X-Forwarded-For": [b"", b":80", b":1.2", b'"', b"unix:", b"192.0.2.7", b"::1, 1.2.3.4:5"],
    "X-Forwarded-Proto": [b"ftp", b"http, https", b'"', b"http"],
}


@pytest.mark.usefixtures("demo")
def test_what_a_trusted_proxy_says_wrongly_is_refused(serve) -> None:
    trusted = "trusted_proxy = 127.0.0.1\ntrusted_proxy_headers = x-forwarded-for x-forwarded-proto"
    served = serve(server=trusted)
    found = {}
    for name, values in PASSED_ON.items():
        for value in values:
            header = name.encode() + b": " + value + b"\r\n"
            answer = send(served.port, b"GET /demo HTTP/1.1\r\n" + HOST + header + END)
            found[name, value] = int(answer.split(b" ", 2)[1])
    assert {value for (_, value), status in found.items() if status != 200} == {
        *(b":1.2", b'"', b"ftp", b"http, https")
    }
    assert {*found.values()} == {200, 400}
    lines = [line for line in served.lines() if line["logger"] == "berceau.access"]
    assert len(lines) == len(found)
    assert "192.0.2.7" in {line["client_addr"] for line in lines}


@pytest.mark.usefixtures("demo")
def test_forged_forms_change_nothing(serve, query) -> None:
    served = serve()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = "title=a&content=b&status=DRAFT&name=c&email=d@example.org"
    assert served.request("/demo/posts", "POST", body, **form)[0] == 400
    assert served.request("/demo/posts", "POST", body + "&csrf_token=x", **form)[0] == 400
    assert query("SELECT count(*) FROM demo_post") == [(0,)]


@pytest.mark.usefixtures("demo")
def test_sql_in_a_field_is_text(serve, query) -> None:
    served = serve()
    _, page = served.request("/demo/posts")
    token = re.search('name="csrf_token" value="([0-9a-f]+)"', page)[1]
    text = "'); DROP TABLE demo_post; --"
    form = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": f"csrf_token={token}"}
    body = f"csrf_token={token}&title={text}&content={text}&status=DRAFT&name={text}&email=a@b.org"
    status, _ = served.request(
        "/demo/posts", "POST", body.replace(";", "%3B").replace(" ", "+"), **form
    )
    assert status == 303
    assert query("SELECT title FROM demo_post") == [(text,)]
