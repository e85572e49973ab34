"""Whatever is sent to the demo, it never breaks, and never says again what it didn't escape.

``BERCEAU_FUZZ=5000 pytest tests/security`` sends that many requests of each kind.
"""

import os
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pony.orm import db_session
from webob import Request

from components.demo.entities import DemoPost, DemoPostStatus, DemoUser
from tests.security.conftest import NASTY

pytestmark = pytest.mark.slow


FIELDS = ("title", "content", "status", "name", "email")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "ODD")
KINDS = (
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=nonsense",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "application/json",
    "text/plain; charset=utf-16",
    "multipart/form-data; boundary=" + "x" * 300,
    "application/json; charset=punycode",
    "nonsense",
)
HEADERS = (
    *("X-Request-ID", "X-CSRF-Token", "Referer", "Origin", "Accept", "Range", "If-Range"),
    *("If-Modified-Since", "If-Unmodified-Since", "If-Match", "If-None-Match", "Authorization"),
    *("Accept-Encoding", "Accept-Language", "Cache-Control", "Date", "Host", "Max-Forwards"),
)

fuzz = settings(
    max_examples=int(os.environ.get("BERCEAU_FUZZ", "150")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
typed = st.one_of(
    st.sampled_from(NASTY),
    st.text(max_size=300),
    st.builds(str.__add__, st.sampled_from(NASTY), st.text(max_size=20)),
    st.integers(min_value=199, max_value=10_001).map("x".__mul__),
)
addresses = st.one_of(typed, st.sampled_from(["ada@example.org", "<b>@example.org", "'@x.'--"]))
statuses = st.one_of(typed, st.sampled_from([*DemoPostStatus]))
octets = st.one_of(st.binary(max_size=200), st.sampled_from([text.encode() for text in NASTY]))
dates = st.sampled_from(
    [b"Mon, 01 Jan 99999999999999 00:00:00 GMT", b"Mon, 99 Xyz 0000 99:99:99 GMT", b"9" * 400]
)
paths = st.one_of(
    octets.map(lambda end: b"/" + end),
    octets.map(lambda part: b"/demo/posts/" + part + b"/delete"),
    octets.map(lambda end: b"/static/demo/" + end),
    st.sampled_from([b"/", b"/demo", b"/demo/posts", b"/static/berceau/../../app.py", b"//demo"]),
)


@fuzz
@given(
    fields=st.fixed_dictionaries(
        {}, optional=dict.fromkeys(FIELDS, typed) | {"status": statuses, "email": addresses}
    ),
    more=st.lists(st.tuples(st.sampled_from([*FIELDS, "id", "_charset_"]), typed), max_size=2),
)
def test_a_form(strict, is_harmless, fields, more) -> None:
    token = strict.get("/demo/posts").forms["write-form"]["csrf_token"].value
    pairs = [("csrf_token", token), *fields.items(), *more]
    response = strict.post("/demo/posts", urlencode(pairs, errors="surrogatepass"), status="*")
    assert response.status_code in {303, 400, 422}
    page = response.follow() if response.status_code == 303 else response
    assert is_harmless(page.text)
    if response.status_code == 303:
        kept = fields["title"].replace("\r\n", "\n").strip()
        assert kept in [heading.text for heading in page.html.select(".post h2")]
    assert is_harmless(strict.get("/demo").text)
    with db_session:
        DemoUser.select().delete(bulk=True)
        assert not DemoPost.exists()


@fuzz
@given(
    method=st.sampled_from(METHODS),
    path=paths,
    query=octets,
    body=octets,
    kind=st.sampled_from(KINDS),
    cookie=octets,
    headers=st.dictionaries(
        st.sampled_from(HEADERS),
        octets | dates,
    ),
)
def test_a_request(strict, is_harmless, method, path, query, body, kind, cookie, headers) -> None:
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path.decode("latin-1"),
        "QUERY_STRING": query.decode("latin-1"),
        "CONTENT_TYPE": kind,
        "HTTP_COOKIE": "csrf_token=" + cookie.decode("latin-1"),
    }
    for name, value in headers.items():
        environ["HTTP_" + name.upper().replace("-", "_")] = value.decode("latin-1")
    response = Request.blank("/", environ, body=body).get_response(strict.app)
    assert response.status_code < 500
    assert not any("\n" in value or "\r" in value for value in response.headers.values())
    if response.content_type == "text/html":
        assert is_harmless(response.text)
