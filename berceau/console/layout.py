"""What the frame of the console's pages shows: the navigation, and where one is."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from pyramid.request import Request

from berceau.console import formats
from berceau.console.sections import SECTIONS, TAKEN
from berceau.console.target import scope_of
from berceau.postgres.core.connection import describe_hosts
from berceau.settings import Settings
from berceau.web.registry import CONSOLE_PREFIX, RUNNING, settings_of
from berceau.web.tenants import UNSERVED


@dataclass(frozen=True)
class Link:
    """A section as the page of one of them sees it: ``current`` is true on its own pages."""

    title: str
    path: str
    icon: str
    current: bool


class Layout:
    """The frame of the page that answers ``request``, which is of ``section``."""

    def __init__(self, request: Request, section: str) -> None:
        self._request = request
        self._section = section

    @property
    def sections(self) -> Sequence[Link]:
        """The navigation: all sections that have a page."""
        there = self._request.registry[TAKEN]
        prefix = self._request.script_name + CONSOLE_PREFIX
        return [
            Link(each.title, prefix + each.path, each.icon, each.name == self._section)
            for each in SECTIONS
            if each.name in there
        ]

    @cached_property
    def settings(self) -> Settings:
        """Those of the application."""
        return settings_of(self._request.registry.settings)

    @property
    def can_change(self) -> bool:
        """Whether pages may offer changes: never in production."""
        return self.settings.development

    @property
    def project(self) -> str:
        """The name of the project's folder."""
        return self.settings.root.resolve().name

    @property
    def database(self) -> str:
        """The name of the application's database, and of its schema where it isn't public."""
        url = self._request.registry[RUNNING].databases.runtime_url
        return url.database if url.schema == "public" else f"{url.database} · {url.schema}"

    @property
    def whose(self) -> str:
        """Whose tables the page is about; empty where the project has no tenants."""
        scope = scope_of(self._request)
        if scope is None:
            return ""
        return "shared tables" if scope == "shared" else f"tenant {self._request.tenant}"

    @property
    def unserved(self) -> str:
        """Why the tenant of the address isn't served, as a sentence; empty where it is."""
        return str(self._request.environ.get(UNSERVED, ""))

    @property
    def server(self) -> str:
        """Where the database is; never with a password."""
        databases = self._request.registry[RUNNING].databases
        return "embedded server" if databases.embedded else describe_hosts(databases.runtime_url)

    @staticmethod
    def prose(text: str) -> list[tuple[bool, str]]:
        """Return the parts of a message: see ``formats.prose``."""
        return formats.prose(text)

    @property
    def home(self) -> str:
        """The application's own home page."""
        return f"{self._request.script_name}/"
