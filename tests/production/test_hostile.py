"""Bytes that no browser sends: refused as the sender's mistake, and the site goes on."""

import re
import socket
from contextlib import suppress

import pytest

HOST = b"Host: shop.example.org\r\n"
END = b"Connection: close\r\n\r\n"


def send(port, data):
    """Return all that the server answers to ``data``."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        with suppress(BrokenPipeError, ConnectionResetError):
            client.sendall(data)
        client.settimeout(3)
        answer = b""
        with suppress(TimeoutError, ConnectionResetError):
            while part := client.recv(65536):
                answer += part
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
    "a NUL in a key": (b"GET /demo/posts/%00/delete HTTP/1.1\r\n" + HOST + END, 404),
    "no UTF-8": (b"GET /%ff%fe HTTP/1.1\r\n" + HOST + END, 400),
    "an unknown method": (b"ODD /demo HTTP/1.1\r\n" + HOST + END, 404),
    "a method in vain": (b"PUT /demo HTTP/1.1\r\n" + HOST + END, 404),
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
def test_it_is_refused_and_the_site_goes_on(serve):
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
    assert not [line for line in served.lines() if line["level"] == "ERROR"]


@pytest.mark.usefixtures("demo")
def test_forged_forms_change_nothing(serve, query):
    served = serve()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = "title=a&content=b&status=DRAFT&name=c&email=d@example.org"
    assert served.request("/demo/posts", "POST", body, **form)[0] == 400
    assert served.request("/demo/posts", "POST", body + "&csrf_token=x", **form)[0] == 400
    assert query("SELECT count(*) FROM demo_post") == [(0,)]


@pytest.mark.usefixtures("demo")
def test_sql_in_a_field_is_text(serve, query):
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
