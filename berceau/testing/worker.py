"""What a test process works on: its private schema, the entities there, and the application."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import Any

from berceau.errors import IsolationError
from berceau.files import files
from berceau.orm import db
from berceau.orm.tenants import acting_for
from berceau.postgres.pooling.queries import Recorder
from berceau.settings import Settings, component
from berceau.testing import assets as assets  # for its effect
from berceau.testing.database import Place
from berceau.testing.preparation import isolation_called
from berceau.testing.tenants import Tenants
from berceau.web.app import make_app
from berceau.workflows.build.compose import compose
from berceau.workflows.serve.component_settings import load, with_ini
from berceau.workflows.testing import isolation

NONE: Mapping[str, Any] = MappingProxyType({})


class Worker:
    """One test process, with its project's entities mapped and a copy of the schema to itself.

    A fixture of a project reads ``settings``, or calls ``application()``.
    """

    # ``kind`` is what ``isolation_called`` takes, ``allowed`` what may lead to the source of a
    # copy; ``prepared`` waits for what the controlling process found out about the schema to
    # copy, if there is one. ``recorder`` is told all queries of the tests.

    def __init__(
        self,
        settings: Settings,
        kind: str = "",
        allowed: Sequence[str] = (),
        prepared: Callable[[], str | None] | None = None,
    ) -> None:
        self._components = compose(settings.components).components
        self.recorder = Recorder()
        declares = any(each.settings for each in self._components)
        self._given = with_ini(settings) if declares else settings
        self._isolation = isolation_called(kind)
        self._allowed = allowed
        self._prepared = cache(prepared) if prepared else lambda: None
        self._opened = ExitStack()
        self._place: Place | None = None

    @property
    def settings(self) -> Settings:
        """The project's settings, which name the private schema as the configured database."""
        urls = self._open().private.databases
        return replace(
            self._given,
            database_url=urls.runtime_url.with_password(),
            migration_database_url=urls.migration_url.with_password(),
        )

    @contextmanager
    def test(self, *, commits: bool, overrides: Mapping[str, Any] = NONE) -> Iterator[Any]:
        """Run a test, whose commits are real or not; yield the global ``Database``.

        ``overrides`` are settings of components, such as ``{"mail.sender": "ada@example.org"}``.
        Where the project has tenants, the test acts for the first of ``tenants``.
        """
        place = self._open()
        found = load(self._components, self._given.overriding(overrides))
        overridden = found.of({name.partition(".")[0] for name in overrides})
        try:
            with (
                acting_for(place.tenants.first if place.tenants else None),
                place.committing() if commits else place.rolled_back(),
                component.during_test(found.values, overridden),
                files.in_memory(),
            ):
                yield db
        finally:
            if place.private.kept:
                self.close()

    @property
    def tenants(self) -> Tenants:
        """The tenants of the tests. Raises ``IsolationError`` where the project has none."""
        found = self._open().tenants
        if found is None:
            raise IsolationError(
                "This test is about tenants, and the project has none.",
                cure="Set berceau.tenants = schema in the ini file, or don't ask for the fixture.",
            )
        return found

    def keep(self) -> str:
        """Leave what the present test did to be looked at; return the option that leads there."""
        place = self._open()
        place.keep()
        return place.private.option

    def application(self, overrides: Mapping[str, Any] = NONE) -> Any:
        """Return a WSGI application of the project on the private schema.

        ``overrides`` are settings of components.
        """
        settings = replace(self.settings, development=True).overriding(overrides)
        return make_app(settings, includes=["berceau.web.debug_page"])  # a test's failure says why

    def close(self) -> None:
        """Give the private schema back; the next test gets another one."""
        self._place = None
        self._opened.close()

    def _open(self) -> Place:
        if self._place is None:
            private = self._opened.enter_context(
                isolation.private_schema(
                    self._given, self._prepared(), self._isolation, self._allowed
                )
            )
            self._place = Place(private, self.recorder, self._given.limits)
            self._opened.callback(self._place.close)
        return self._place
