"""The real application with its console, for tests of its pages and for a browser."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from webtest import TestApp

from berceau.settings.component import begin
from berceau.testing import assets as assets  # for its effect
from berceau.web.app import DEVELOPMENT, make_app

HERE = "127.0.0.1"
BROWSER = {
    "HTTP_ACCEPT": "text/html,application/xhtml+xml,*/*;q=0.8",
    "HTTP_HOST": "localhost:6543",
    "HTTP_ORIGIN": "http://localhost:6543",
    "REMOTE_ADDR": HERE,
}


@pytest.fixture
def console_app(db, berceau_worker) -> Iterator[Callable[..., TestApp]]:  # noqa: ARG001 - for its effect
    """Return a function that makes the application of this project; it takes other settings."""

    def console_app(*includes: str, **given: Any) -> TestApp:
        settings = replace(berceau_worker.settings, development=True, console=True)
        return TestApp(
            make_app(replace(settings, **given), includes=[*DEVELOPMENT, *includes]),
            extra_environ=dict(BROWSER),
        )

    yield console_app
    begin({})
