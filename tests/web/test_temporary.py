"""The files that a large body is kept in are closed at the end of its request."""

import gc
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from pyramid.config import Configurator
from webtest import TestApp

from berceau.settings import Settings
from berceau.web.app import make_app
from tests.conftest import cases
from tests.web.test_intake import END, MULTIPART, URLENCODED, part

PAGES = """
    from pyramid.httpexceptions import HTTPFound
    from pyramid.request import Request
    from pyramid.response import FileIter, Response
    from pyramid.view import view_config

    def includeme(config):
        config.add_route("page", "/{name}")

    def view(name):
        return view_config(route_name="page", match_param=f"name={name}", require_csrf=False)

    @view("nothing")
    def nothing(request):
        return Response("done")

    @view("form")
    def form(request):
        return Response(f"{len(request.POST)} fields")

    @view("body")
    def body(request):
        return Response(str(len(request.body)))

    @view("raised")
    def raised(request):
        request.POST.keys()
        raise RuntimeError("broken")

    @view("redirect")
    def redirect(request):
        request.POST.keys()
        raise HTTPFound("/nothing")

    @view("sent")
    def sent(request):
        upload = request.POST["a"]
        return Response(app_iter=FileIter(upload.file), content_length=len(upload.value))

    @view("wrapped")
    def wrapped(request):
        upload = request.POST["a"]
        wrapper = request.environ.get("wsgi.file_wrapper", FileIter)
        return Response(app_iter=wrapper(upload.file), content_length=len(upload.value))

    @view("streamed")
    def streamed(request):
        def parts():
            for value in request.POST.values():
                yield getattr(value, "value", b"")

        return Response(app_iter=parts())

    @view("copied")
    def copied(request):
        copy = request.copy()
        return Response(f"{len(copy.POST)} {len(request.POST)}")

    @view("asked")
    def asked(request):
        inner = request.copy()
        inner.path_info = "/sent"
        answer = request.invoke_subrequest(inner, use_tweens=True)
        return Response(str(len(answer.body) + len(request.POST["a"].value)))
"""
LARGE = b"x" * 300_000
UPLOAD = part(b'name="a"; filename="f"', LARGE)
BODIES = {
    "fields": (URLENCODED, b"a=" + LARGE),
    "uploads": (MULTIPART, UPLOAD + UPLOAD + END),
    "an upload that has no end": (MULTIPART, UPLOAD + UPLOAD[:-9]),
    "an upload too much": (MULTIPART, UPLOAD * 101 + END),
    "a part that isn't UTF-8": (MULTIPART, UPLOAD + part(b'name="b"', b"\xff") + END),
    "text": ("text/plain", LARGE),
}
VIEWS = ("nothing", "form", "body", "raised", "redirect", "copied", "unknown")
OF_UPLOADS = ("sent", "wrapped", "streamed", "asked")


@pytest.fixture
def app(running, component, tmp_path) -> TestApp:
    running.components = (component("pages", {"__init__.py": PAGES}),)
    return TestApp(make_app(Settings(tmp_path, development=True)))


def count_open() -> int:
    """Count this process' open files that have no name.

    Those that bodies are kept in have none. What other threads open meanwhile has: a log, a socket.
    """
    count = 0
    for descriptor in Path("/dev/fd").iterdir():
        with suppress(OSError):  # the one that lists them, and what another thread closed
            status = os.fstat(int(descriptor.name))
            count += stat.S_ISREG(status.st_mode) and not status.st_nlink
    return count


@pytest.fixture
def descriptors() -> Iterator[Callable[[], int]]:
    """Return a function that counts open files, of which the garbage collector closes none."""
    gc.disable()
    yield count_open
    gc.enable()


@cases("body", [*BODIES], quick=3)
@pytest.mark.parametrize("view", VIEWS)
def test_files_are_closed_with_the_response(app, descriptors, view, body) -> None:
    kind, data = BODIES[body]
    app.get("/nothing")
    before = descriptors()
    # The response refers to its request: what is open stays open.
    responses = [
        app.post(f"/{view}", data, {"Content-Type": kind}, status="*", expect_errors=True)
        for _ in range(2)
    ]
    assert descriptors() == before, responses


@pytest.mark.parametrize("view", OF_UPLOADS)
def test_a_response_can_be_made_of_an_upload(app, descriptors, view) -> None:
    before = descriptors()
    response = app.post(f"/{view}", UPLOAD + END, {"Content-Type": MULTIPART})
    if view == "asked":
        assert int(response.text) == 2 * len(LARGE)
    else:
        assert response.body == LARGE
        assert response.content_length == len(LARGE)
    assert descriptors() == before


def test_an_error_without_a_page_closes_them_too(running, component, descriptors, tmp_path) -> None:
    running.components = (component("pages", {"__init__.py": PAGES}),)
    config = Configurator(settings={"berceau.root": str(tmp_path)})
    config.include("berceau")
    app = TestApp(config.make_wsgi_app())
    before = descriptors()
    with pytest.raises(RuntimeError, match="broken") as failure:
        app.post("/raised", UPLOAD + END, {"Content-Type": MULTIPART})
    assert descriptors() == before, failure


def test_a_visitor_who_leaves_closes_them(app, descriptors) -> None:
    request = app.RequestClass.blank("/streamed", method="POST", body=UPLOAD + END)
    request.content_type = MULTIPART
    before = descriptors()
    parts = app.app(request.environ, lambda *_: None)
    assert next(iter(parts)) == LARGE
    assert descriptors() > before
    parts.close()
    assert descriptors() == before
