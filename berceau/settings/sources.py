"""Where settings are written: the environment, ``.env`` and the ini file, in this order."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from berceau.errors import Location, SettingsError

INI = "BERCEAU_INI"
"""The variable that names the ini file of commands and tests."""

Place = Literal["override", "environment", ".env", "ini file", "pyproject.toml"]
"""Where a value was written. An override is a test's."""


@dataclass(frozen=True)
class Found:
    """A value as it is written in ``place``: a text, or an object where Python code gave it."""

    place: Place
    value: Any


@dataclass(frozen=True)
class Sources:
    """All that was given to a process, unparsed.

    Variables are in ``environment`` and ``dotenv``, by their names; ``ini`` has the section
    ``[app:main]``, or is ``None`` where no file was read yet. ``overrides`` are a test's, by the
    names that the ini file has for them.
    """

    # What is written in them may be secret.
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    dotenv: Mapping[str, str] = field(default_factory=dict, repr=False)
    ini: Mapping[str, Any] | None = field(default=None, repr=False)
    overrides: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def ini_name(self) -> str | None:
        """The ini file of commands and tests: ``BERCEAU_INI``, or ``None`` where it isn't set."""
        return {**self.dotenv, **self.environment}.get(INI) or None

    def find(self, variable: str, key: str) -> Found | None:
        """Return what counts for a setting; an empty value counts as none, and hides the rest."""
        given: tuple[tuple[Place, Mapping[str, Any], str], ...] = (
            ("override", self.overrides, key),
            ("environment", self.environment, variable),
            (".env", self.dotenv, variable),
            ("ini file", self.ini or {}, key),
        )
        for place, values, name in given:
            if name in values:
                return None if values[name] == "" else Found(place, values[name])
        return None


def read(root: Path, ini: Mapping[str, Any] | None) -> Sources:
    """Return what is given to this process, for the project in ``root``. Raises ``SettingsError``.

    Nothing else reads the environment.
    """
    copy = None if ini is None else dict(ini)
    return Sources(dict(os.environ), _read_dotenv(root / ".env"), copy)


def _read_dotenv(file: Path) -> dict[str, str]:
    try:
        if not file.exists():
            return {}
        from dotenv import dotenv_values  # without this file, a command starts faster

        values = dotenv_values(file)
    except (OSError, ValueError) as error:
        reason = "it isn't UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        raise SettingsError(
            f"The file can't be read: {reason}.",
            where=Location(file=file),
            cure="Give this account the right to read it, and save it as UTF-8; or delete it.",
        ) from error
    return {name: value for name, value in values.items() if value is not None}


DEFAULT_INI = "development.ini"


def read_ini(root: Path, name: str | None) -> dict[str, str]:
    """Return ``[app:main]`` of the ini file called ``name``, as ``pserve`` reads it.

    ``None`` is ``development.ini``, which may be missing. Raises ``SettingsError``.
    """
    file = root / (name or DEFAULT_INI)
    if not file.is_file():
        if name is None:
            return {}
        raise SettingsError(
            f"There is no ini file {file}.", cure=f"Correct its name: --ini, or {INI}."
        )
    from paste.deploy import appconfig  # it imports the application

    try:
        return dict(appconfig(f"config:{quote(str(file))}", name="main").local_conf)
    except Exception as error:  # a library's own, of many kinds
        raise SettingsError(
            f"The ini file can't be read: {error}",
            where=Location(file=file),
            cure="Correct it. A percent sign is written twice in an ini file: %%.",
        ) from error
