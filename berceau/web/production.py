"""What is right on a developer's machine only, and refused in production."""

import re
from collections.abc import Iterator, Mapping
from configparser import RawConfigParser
from pathlib import Path

from berceau.errors import Location, PermissionMissingError, SettingsError
from berceau.postgres.inspect.roles import RoleReport
from berceau.settings import Settings

DEVELOPMENT = "On a developer's machine, set berceau.development = true in the ini file."


_VARIABLE = re.compile(r"%\((\w+)\)s")


def check_variables(given: Mapping[str, str]) -> None:
    """Refuse to start the server while a variable of its section has no value.

    ``given`` is what the paste factory gets: the variables, and ``__file__``, the ini file, where
    there is one. The application is loaded before that section is read. Raises ``SettingsError``.
    """
    if "__file__" not in given:
        return
    file = Path(given["__file__"])
    missing = dict.fromkeys(name for name in _used(file) if name not in given)
    if missing:
        values = " ".join(f"{name}=..." for name in missing)
        raise SettingsError(
            f"{' and '.join(missing)} of [server:main] {'has' if len(missing) == 1 else 'have'} "
            "no value.",
            where=Location(file=file),
            cure=f"Give it on the command line, as in `pserve {file.name} {values}`, or write the "
            "value into the file.",
        )


def _used(file: Path) -> Iterator[str]:
    parser = RawConfigParser()
    parser.read(file, encoding="utf-8")
    if parser.has_section("server:main"):
        section = dict(parser.items("server:main"))
        for text in section.values():
            yield from (name for name in _VARIABLE.findall(text) if name not in section)


def check_settings(settings: Settings) -> None:
    """Refuse, before anything is started, settings that production can't have.

    Raises ``SettingsError``.
    """
    if settings.development:
        return
    if settings.database_url is None:
        raise SettingsError(
            "DATABASE_URL isn't set, and the embedded server is for development.",
            cure=f"Set it in the environment or in .env. {DEVELOPMENT}",
        )
    if not settings.hosts:
        raise SettingsError(
            "berceau.hosts isn't set: it lists the names that visitors use for this site.",
            cure="Set it in the ini file, as in berceau.hosts = shop.example.org www.example.org; "
            f"* takes any name. {DEVELOPMENT}",
        )


def check_role(settings: Settings, role: RoleReport) -> None:
    """Refuse a role that can change the schema. Raises ``PermissionMissingError``."""
    if role.can_change_schema and not (settings.development or settings.allow_ddl):
        raise PermissionMissingError(
            f"The role {role.role} can change the schema {role.schema}: so could a mistake or an "
            "intruder.",
            cure="Let DATABASE_URL name a role with data rights only: `invoke db.provision` makes "
            "one. If there can't be one, set berceau.allow_ddl = true in the ini file.",
        )
