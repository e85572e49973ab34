"""The real application with its console, as the browser of its developer finds it."""

from collections.abc import Callable

import pytest
from webtest import TestApp

from berceau.console.guard import TOKEN
from tests.console_application import console_app as console_app  # a fixture


@pytest.fixture
def locked(console_app) -> TestApp:
    """The application for a browser on this machine that nobody has let in."""
    return console_app()


@pytest.fixture
def enter() -> Callable[[TestApp], TestApp]:
    """Return a function that opens the link of the log."""

    def enter(app: TestApp) -> TestApp:
        app.get(f"/berceau?token={TOKEN}", status=303)
        return app

    return enter


@pytest.fixture
def console(locked, enter) -> TestApp:
    """The application for a browser that opened the link of the log."""
    return enter(locked)
