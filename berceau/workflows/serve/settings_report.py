"""All settings of a project, Berceau's and its components', as a list for people."""

import dataclasses
from dataclasses import dataclass
from enum import Enum
from typing import Any

from berceau.settings import Settings, load, own
from berceau.settings.secrets import HIDDEN
from berceau.settings.sources import DEFAULT_INI, Place
from berceau.workflows.build.compose import compose
from berceau.workflows.serve.component_settings import ReadSettings, read_all, with_ini


@dataclass(frozen=True)
class Row:
    """One setting: ``name`` is that of the ini file, or else where it is set.

    ``value`` is a text, ``None`` where there is none, and hidden where it is a secret. ``source``
    is where it was written, or ``default``, or ``missing``.
    """

    component: str
    name: str
    variable: str | None
    value: str | None
    source: str
    secret: bool
    help: str
    mistake: str | None = None


@dataclass(frozen=True)
class SettingsReport:
    """The settings of a project, and what the components' were read as."""

    rows: tuple[Row, ...]
    read: ReadSettings


def report(settings: Settings, ini: str | None = None) -> SettingsReport:
    """Return the settings of the application that the file ``ini`` describes.

    ``None`` is the ini file of commands. Raises ``SettingsError`` where a setting of Berceau is
    wrong, or the file can't be read; mistakes in those of components are in the report.
    """
    sources = with_ini(settings, ini).sources
    settings = load(settings.root, sources.ini)
    read = read_all(compose(settings.components).components, settings)
    name = ini or sources.ini_name or DEFAULT_INI
    own_rows = (
        Row(
            "berceau",
            each.name,
            each.variable,
            _shown(each.value(settings), secret=each.secret),
            _source(each.place(settings), name),
            each.secret,
            each.help,
        )
        for each in own.OWN
    )
    component_rows = (
        Row(
            each.component,
            each.key,
            each.variable,
            _shown(each.value, secret=each.description.secret),
            "missing" if each.value is dataclasses.MISSING else _source(each.place, name),
            each.description.secret,
            each.description.help,
            each.mistake,
        )
        for each in read.entries
    )
    return SettingsReport((*own_rows, *component_rows), read)


def _source(place: Place | None, ini: str) -> str:
    return ini if place == "ini file" else place or "default"


def _shown(value: Any, *, secret: bool) -> str | None:
    if value is None or value is dataclasses.MISSING:
        return None
    if secret:
        return HIDDEN
    if isinstance(value, tuple | frozenset):
        return " ".join(map(str, sorted(value) if isinstance(value, frozenset) else value))
    if isinstance(value, bool):
        return str(value).lower()
    return str(value.value if isinstance(value, Enum) else value)
