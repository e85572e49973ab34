"""A headless Chromium, and the real application for it to visit."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any, NoReturn

import pytest
from waitress.server import create_server

from berceau.console.guard import TOKEN
from tests.console_application import console_app as console_app  # a fixture

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def unavailable(reason: str) -> NoReturn:
    """Skip the test; but never in CI, where that would go unnoticed."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason}, and CI must not skip this test")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Yield Playwright's browser."""
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        unavailable(f"none of {', '.join(BROWSERS)} is installed")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        unavailable("Playwright isn't installed: pip install playwright")
    # Chromium refuses to sandbox what root runs.
    args = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=args)
        yield browser
        browser.close()


@pytest.fixture
def site(app) -> Iterator[str]:
    """Serve the real application on a free port of this machine; yield its address."""
    with serving(app.app) as address:
        yield address


@contextmanager
def serving(application: Any) -> Iterator[str]:
    """Serve a WSGI application on a free port of this machine; yield its address."""
    server = create_server(application, host="127.0.0.1", port=0, threads=4)
    thread = Thread(target=server.run)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    # Threads first: one that wakes the server between the two steps of pull_trigger() would let it
    # close what the second step writes to.
    server.task_dispatcher.shutdown()
    server.trigger.pull_trigger(server.close)
    thread.join(timeout=10)
    assert not thread.is_alive()


@pytest.fixture
def visit(browser, site) -> Iterator[Any]:
    """Return a function that opens a path in a new window, ``width`` pixels wide.

    At the end, whatever the browser complained about on its console fails the test.
    """
    with windows(browser, site) as open_window:

        def visit(path: str, width: int = 1280) -> Any:
            page = open_window(width)
            page.goto(path)
            return page

        yield visit


@pytest.fixture
def visit_console(browser, console_app) -> Iterator[Any]:
    """Return a function that opens a page of the console in a new window, which is let in.

    ``scheme`` is ``light`` or ``dark``. As with ``visit``, complaints fail the test.
    """
    with serving(console_app().app) as site, windows(browser, site) as open_window:

        def visit_console(path: str, width: int = 1280, scheme: str = "light") -> Any:
            page = open_window(width, color_scheme=scheme)
            page.goto(f"/berceau?token={TOKEN}")
            page.goto(path)
            return page

        yield visit_console


@contextmanager
def windows(browser: Any, site: str) -> Iterator[Callable[..., Any]]:
    """Yield a function that opens a window on ``site``; at the end, fail for complaints."""
    complaints: list[str] = []
    contexts = []

    def open_window(width: int, **options: Any) -> Any:
        size = {"width": width, "height": 800}
        context = browser.new_context(base_url=site, viewport=size, **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complain(message))
        return page

    def complain(message: Any) -> None:
        # Chromium also reports a page's own status, such as the 422 of a form with errors.
        if message.type in ("error", "warning") and "status of 4" not in message.text:
            complaints.append(message.text)

    yield open_window
    for context in contexts:
        context.close()
    assert not complaints
