"""Whether a project has tenants, which each command has to know."""

from dataclasses import replace
from pathlib import Path

from berceau.errors import Location, SettingsError
from berceau.settings.sources import DEFAULT_INI, Sources, read_ini
from berceau.tenancy import Mode

VARIABLE = "BERCEAU_TENANTS"
KEY = "berceau.tenants"
_BEYOND = ("config:", "[DEFAULT]")
"""What only the way of ``pserve`` understands: it imports the application, which takes long."""


def read_tenants(sources: Sources, root: Path) -> Mode | None:
    """Return how the project in ``root`` keeps tenants apart; ``None`` means that it has none.

    A command looks into the ini file that it would read the settings of components from. Raises
    ``SettingsError``.
    """
    if sources.ini is None:
        sources = replace(sources, ini={KEY: _in_file(root, sources.ini_name)})
    found = sources.find(VARIABLE, KEY)
    if found is None:
        return None
    if found.value == "schema":
        return "schema"
    raise SettingsError(
        f"{KEY} is {found.value!r}, which is no way to keep tenants apart.",
        cure="Use schema, so that each tenant has a schema of its own, or remove the line.",
    )


def _in_file(root: Path, name: str | None) -> str:
    file = root / (name or DEFAULT_INI)
    try:
        text = file.read_text(encoding="utf-8")
        if not any(each in text for each in (KEY, *_BEYOND)):
            return ""
        if not any(each in text for each in _BEYOND):
            return _parsed(text)
    except FileNotFoundError:
        return ""  # who needs the file itself says so
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"The ini file can't be read: {error}", where=Location(file=file), cure="Correct it."
        ) from error
    return read_ini(root, name).get(KEY, "")


def _parsed(text: str) -> str:
    """Return the value that an ini file has; raises ``ValueError``."""
    from configparser import Error, RawConfigParser  # without the line, a command starts faster

    parser = RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign] # as its docs say
    try:
        parser.read_string(text)
    except Error as error:
        raise ValueError(str(error)) from error
    return parser.get("app:main", KEY, fallback="")
