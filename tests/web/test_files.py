"""The response with a stored file."""

from collections.abc import Callable, Iterator
from io import BytesIO

import pytest
from pyramid.config import Configurator
from webtest import TestApp

from berceau.files import files
from berceau.orm.unit import current_unit
from berceau.web.files import file_response


@pytest.fixture
def key() -> Iterator[str]:
    """The key of a stored file."""
    with files.in_memory():
        yield files.save(BytesIO(b"0123456789"))


@pytest.fixture
def serve_file(key: str, running, tmp_path) -> Callable[..., TestApp]:  # noqa: ARG001 (it is started)
    """Return a function that serves the file at the root."""

    def serve(key: str = key, **options) -> TestApp:
        config = Configurator(settings={"berceau.root": str(tmp_path)})
        config.include("berceau")
        config.include("berceau.web.errors")
        config.include("berceau.web.security")
        config.add_route("root", "/")
        config.add_view(lambda _: file_response(key, **options), route_name="root")
        return TestApp(config.make_wsgi_app())

    return serve


def test_a_browser_saves_it(serve_file) -> None:
    response = serve_file(filename="a.txt").get("/")
    assert response.body == b"0123456789"
    assert response.content_length == 10
    assert response.content_type == "application/octet-stream"
    assert response.headers["Content-Disposition"] == "attachment; filename*=UTF-8''a.txt"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response.headers["Content-Security-Policy"]


def test_it_may_be_shown(serve_file) -> None:
    response = serve_file(filename="a.png", content_type="image/png", inline=True).get("/")
    assert response.content_type == "image/png"
    assert response.headers["Content-Disposition"].startswith("inline;")


@pytest.mark.parametrize(
    ("filename", "written"),
    [
        ('a"; b.exe', "a%22%3B%20b.exe"),
        ("a\r\nSet-Cookie: x=y", "a%0D%0ASet-Cookie%3A%20x%3Dy"),
        ("../größe.png", "..%2Fgr%C3%B6%C3%9Fe.png"),
    ],
)
def test_a_name_changes_no_other_header(serve_file, filename: str, written: str) -> None:
    response = serve_file(filename=filename).get("/")
    assert response.headers["Content-Disposition"] == f"attachment; filename*=UTF-8''{written}"
    assert "Set-Cookie" not in response.headers


def test_a_part_is_sent_to_who_asks_for_one(serve_file) -> None:
    response = serve_file(filename="a").get("/", headers={"Range": "bytes=3-5"}, status=206)
    assert response.body == b"345"
    assert response.headers["Content-Range"] == "bytes 3-5/10"


def test_who_has_it_gets_nothing(serve_file, key) -> None:
    app = serve_file(filename="a")
    assert app.get("/").etag == key
    assert app.get("/", headers={"If-None-Match": f'"{key}"'}, status=304).body == b""


def test_a_head_request_reads_nothing(serve_file) -> None:
    response = serve_file(filename="a").head("/")
    assert response.content_length == 10
    assert response.body == b""


def test_no_unit_of_work_waits_until_it_is_sent(serve_file, monkeypatch) -> None:
    units = []
    read = files.read

    def watched(*given) -> Iterator[bytes]:
        units.append(current_unit())
        yield from read(*given)

    monkeypatch.setattr(files, "read", watched)
    assert serve_file(filename="a").get("/").body == b"0123456789"
    assert units == [None]


@pytest.mark.parametrize("missing", ["0" * 32, "../../etc/passwd"])
def test_what_isn_t_there_is_not_found(serve_file, missing: str) -> None:
    serve_file(missing, filename="a").get("/", status=404)
