"""What a page may hold, whatever was typed: the elements and attributes of its templates."""

from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from webtest import TestApp

NASTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' autofocus onfocus='alert(1)",
    "</textarea><script>alert(1)</script>",
    "</title><svg onload=alert(1)>",
    "javascript:alert(1)",
    "${request.registry.settings}",
    "<tal:x replace='structure request'/>",
    "'; DROP TABLE demo_post; --",
    "' OR '1'='1",
    "%s %(a)s {0} $$ \\",
    "a\r\nSet-Cookie: evil=1",
    "../../../../etc/passwd",
    "‮⁦\ufeff\u0000\ud7ff",
    "\x00",
]


def structure(html: str) -> set[tuple[str, str]]:
    """Return each element with each of its attributes."""
    page = BeautifulSoup(html, "html.parser")
    return {
        (element.name, attribute)
        for element in page.find_all(True)
        for attribute in (*element.attrs, "")
    }


@pytest.fixture
def strict(app) -> TestApp:
    """The demo, for requests that no browser would send."""
    return TestApp(app.app, lint=False)


@pytest.fixture
def is_harmless(app) -> Callable[[str], bool]:
    """Return a function that says whether a page has nothing that the demo's templates lack."""
    form = app.get("/demo/posts").forms["write-form"]
    known = structure(app.get("/demo").text) | structure(app.get("/demo/posts").text)
    known |= structure(form.submit(status=422).text) | structure(
        app.get("/nowhere", headers={"Accept": "text/html"}, status=404).text
    )
    for name in ("title", "content", "name"):
        form[name] = "word"
    form["email"] = "ada@example.org"
    known |= structure(form.submit().follow().text) | structure(app.get("/demo").text)
    known |= structure(app.get("/").text)
    # Each field may be the first with an error.
    for element in ("input", "textarea", "select"):
        known |= {(element, name) for name in ("autofocus", "aria-invalid", "aria-describedby")}
    assert not {element for element, _ in known} & {"script", "iframe", "img", "object", "embed"}
    return lambda html: structure(html) <= known
