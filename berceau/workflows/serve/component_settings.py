"""The settings of all components: found, read, and checked before anything starts."""

import dataclasses
import inspect
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from berceau.components import Component, import_module
from berceau.errors import ComponentError, Location, SettingsError
from berceau.settings import Settings
from berceau.settings.component import ComponentSettings, Values
from berceau.settings.reading import Declaration, Entry, read
from berceau.settings.sources import read_ini
from berceau.workflows.serve.setting_names import mistyped, refuse_clashes, unknown
from berceau.workflows.shared.wording import counted


@dataclass(frozen=True)
class ReadSettings:
    """The settings of all components, with all ``mistakes`` in them; each is a sentence.

    ``values`` is empty where there are mistakes. ``warnings`` name variables that may be mistyped.
    """

    entries: tuple[Entry, ...] = ()
    values: Values = dataclasses.field(default_factory=dict)
    mistakes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def of(self, components: Collection[str]) -> Values:
        """Return the settings of the ``components`` with these names."""
        kinds = {e.declaration.kind for e in self.entries if e.component in components}
        return {kind: value for kind, value in self.values.items() if kind in kinds}

    def check(self) -> None:
        """Raise ``SettingsError`` with all mistakes, where there are some."""
        if self.mistakes:
            are = "is wrong" if len(self.mistakes) == 1 else "are wrong"
            head = f"{counted(len(self.mistakes), 'setting')} of the components {are}."
            raise SettingsError(
                "\n  ".join((head, *self.mistakes, *self.warnings)),
                cure="`invoke settings` lists all settings, and where each comes from.",
            )


def load(components: Sequence[Component], settings: Settings) -> ReadSettings:
    """Return the settings of ``components``.

    Raises ``SettingsError`` with all mistakes, ``ComponentError`` for a wrong declaration.
    """
    found = read_all(components, settings)
    found.check()
    return found


def read_all(components: Sequence[Component], settings: Settings) -> ReadSettings:
    """Return what ``components`` declare, with what it is set to.

    Raises ``ComponentError`` for a wrong declaration, ``SettingsError`` for an unreadable file.
    """
    declarations = list(_declared(components))
    if not declarations:
        sources = settings.sources
        return ReadSettings(mistakes=unknown((), sources), warnings=mistyped((), sources))
    sources = with_ini(settings).sources
    entries: list[Entry] = []
    values = {}
    for each in declarations:
        own = list(read(each, sources, settings.root))
        entries += own
        if not any(entry.mistake for entry in own):
            values[each.kind] = each.kind(**{entry.attribute: entry.value for entry in own})
    refuse_clashes(entries)
    mistakes = [entry.mistake for entry in entries if entry.mistake]
    mistakes += unknown(entries, sources)
    return ReadSettings(
        entries=tuple(entries),
        values={} if mistakes else values,
        mistakes=tuple(mistakes),
        warnings=mistyped(entries, sources),
    )


def with_ini(settings: Settings, name: str | None = None) -> Settings:
    """Return ``settings`` with an ini file among their sources.

    ``pserve`` has read it. Commands and tests read the one called ``name``, or that of the variable
    ``BERCEAU_INI``, or else ``development.ini``. Raises ``SettingsError``.
    """
    sources = settings.sources
    if sources.ini is not None and name is None:
        return settings
    ini = read_ini(settings.root, name or sources.ini_name)
    return dataclasses.replace(settings, sources=dataclasses.replace(sources, ini=ini))


def _declared(components: Sequence[Component]) -> Iterator[Declaration]:
    for component in components:
        if component.settings is None:
            continue
        module = import_module(f"{component.package}.settings", component, components)
        kinds = [each for each in vars(module).values() if _is_declared_in(module, each)]
        if len(kinds) > 1:
            raise ComponentError(
                f"Component {component.name} declares its settings in several classes: "
                f"{', '.join(each.__name__ for each in kinds)}.",
                where=Location(component.name, component.settings),
                cure="Put all of them into one class.",
            )
        for kind in kinds:
            line = inspect.getsourcelines(kind)[1]
            yield Declaration(
                component.name, kind, Location(component.name, component.settings, line)
            )


def _is_declared_in(module: ModuleType, value: Any) -> bool:
    is_kind = inspect.isclass(value) and issubclass(value, ComponentSettings)
    return is_kind and value.__module__ == module.__name__
