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
from pyramid.config import Configurator
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
from berceau.workflows.serve.fitness import Unfit, lacking, overtaken
from berceau.workflows.serve.tenants import Directory
from tests.web.api_component import HEADER

# What browsers send where a person opens a page.
BROWSER = {"HTTP_ACCEPT": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}

DATA_ONLY = RoleReport("app", "public", can_change_schema=False)


@dataclass
class Running:
    """Stands in for a started database: says what a test wants to hear."""

    components: tuple[Component, ...] = ()
    missing: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    summary: str = "a database that isn't there"
    warnings: tuple[str, ...] = ()
    role: RoleReport = DATA_ONLY
    pool: SimpleNamespace = field(
        default_factory=lambda: SimpleNamespace(status=PoolStatus(10, 2, 1, 0))
    )

    tenants: Directory | None = None
    component_settings: Values = field(default_factory=dict)

    def look(self) -> Unfit | None:
        if self.taken:
            return overtaken(self.taken, ["20260102_contract"])
        return lacking(self.missing) if self.missing else None

    def heartbeat(self, _on_beat: Callable[[], object]) -> SimpleNamespace:
        return SimpleNamespace(start=lambda: None, is_barred=False)

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


@pytest.fixture
def serve_view(db, running, tmp_path) -> Callable[..., TestApp]:  # noqa: ARG001 (the database is db's, and started)
    """Return a function that serves one view at the root."""

    def serve(view, **options) -> TestApp:
        config = Configurator(settings={"berceau.root": str(tmp_path)})
        config.include("berceau")
        config.include("berceau.web.errors")
        config.add_route("root", "/")
        config.add_view(view, route_name="root", **options)
        return TestApp(config.make_wsgi_app())

    return serve


@pytest.fixture
def api(serve, component) -> Callable[[str], TestApp]:
    """Return a function that serves a component: what follows the header, in one module."""

    def api(views: str) -> TestApp:
        app = serve(component("things", {"__init__.py": HEADER + views}))
        app.extra_environ = {}  # a program, not a browser
        return app

    return api
