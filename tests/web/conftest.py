"""An application around components of the test's own, without a database."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace
from uuid import uuid4

import pytest
from webtest import TestApp

from berceau.components import Component
from berceau.postgres.inspect.roles import RoleReport
from berceau.postgres.pooling.pool import PoolStatus
from berceau.settings import Settings
from berceau.settings.component import Values, begin
from berceau.settings.sources import Sources
from berceau.testing import assets as assets  # for its effect
from berceau.web.app import make_app
from berceau.workflows.serve.component_settings import load

# What browsers send where a person opens a page.
BROWSER = {"HTTP_ACCEPT": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}

DATA_ONLY = RoleReport("app", "public", can_change_schema=False)


@dataclass
class Running:
    """Stands in for a started database: says what a test wants to hear."""

    components: tuple[Component, ...] = ()
    missing: tuple[str, ...] = ()
    summary: str = "a database that isn't there"
    warnings: tuple[str, ...] = ()
    role: RoleReport = DATA_ONLY
    pool: SimpleNamespace = field(
        default_factory=lambda: SimpleNamespace(status=PoolStatus(10, 2, 1, 0))
    )

    component_settings: Values = field(default_factory=dict)

    def pending(self) -> tuple[str, ...]:
        return self.missing

    def start(self, settings: Settings) -> "Running":
        """Read the components' settings, as a start does."""
        self.component_settings = load(self.components, settings).values
        begin(self.component_settings)
        return self


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Running:
    """What ``start`` gives to every application of this test."""
    running = Running()
    monkeypatch.setattr("berceau.web.app.start", running.start)
    return running


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The settings of the applications that ``serve`` makes: a developer's."""
    return Settings(tmp_path, development=True)


@pytest.fixture
def serve(running: Running, settings: Settings) -> Callable[..., TestApp]:
    """Return a function that makes the application of some components, for a browser."""

    def serve(*components: Component, includes: Sequence[str] = (), **ini: str) -> TestApp:
        running.components = components
        given = replace(settings, sources=Sources(environment=dict(os.environ), ini=ini))
        return TestApp(make_app(given, ini, includes), extra_environ=BROWSER)

    return serve


@pytest.fixture
def component(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str, Mapping[str, str]], Component]]:
    """Return a function that writes a component: its name, and its files' texts by path."""
    # A name of its own: Python remembers the modules of earlier tests.
    parent = tmp_path / f"components_{uuid4().hex}"
    parent.mkdir()
    (parent / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)

    def component(name: str, files: Mapping[str, str]) -> Component:
        for path, text in {"__init__.py": "", **files}.items():
            file = parent / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(text))
        return Component(name, f"{parent.name}.{name}", parent / name)

    yield component
    for module in [module for module in sys.modules if module.startswith(parent.name)]:
        del sys.modules[module]
