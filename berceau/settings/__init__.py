"""The settings of a project: ini settings, ``.env`` and variables become ``Settings``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from berceau.errors import Location, SettingsError
from berceau.settings import sources as given
from berceau.settings.secrets import remember
from berceau.settings.sources import Sources

INI_PREFIX = "berceau."
SWITCH = {"true": True, "false": False}
LARGEST_LIMIT = 1_000_000  # in milliseconds, it fits the server's settings
LARGEST_FORM = 1_000_000_000


@dataclass(frozen=True)
class Limits:
    """What one process may ask of the database: ``pool_size`` connections, the rest in seconds.

    ``pool_timeout`` is the longest wait for a connection; one older than ``connection_lifetime``
    is replaced. The server ends a statement after ``statement_timeout``, and a transaction that
    does nothing for ``idle_transaction_timeout``; 0 lets it go on.
    """

    pool_size: int = 10
    pool_timeout: float = 5
    connection_lifetime: float = 1800
    statement_timeout: float = 30
    idle_transaction_timeout: float = 60


@dataclass(frozen=True)
class FormLimits:
    """What one form may hold: fields and files by number, and the bytes of all but its files.

    The server limits the whole request: ``max_request_body_size`` of ``[server:main]``.
    """

    max_form_fields: int = 1000
    max_form_files: int = 100
    max_form_size: int = 2_621_440


@dataclass(frozen=True)
class Settings:
    """The settings of a project, read once from the environment, ``.env`` and the ini file.

    ``root`` is the project's folder. The URLs are as configured, unparsed; ``None`` for both
    means the embedded server. ``storage_url`` names the place for files. ``development`` is what
    only an ini file can set for this machine: without it, this is production. ``hosts`` are the
    names that visitors may use for the site, and ``session_timeout`` is how long a visitor's
    session outlives the last use of it, in seconds. ``lint_ignore`` holds the codes of the rules
    that the project switches off, and ``unmanaged`` patterns of the names that migrations leave
    alone. ``sources`` are what all was read from: the
    settings of components are, too.
    """

    root: Path
    database_url: str | None = field(default=None, repr=False)
    migration_database_url: str | None = field(default=None, repr=False)
    replica_database_url: str | None = field(default=None, repr=False)
    storage_url: str | None = field(default=None, repr=False)
    test_workers: int | Literal["auto"] = "auto"
    development: bool = False
    secret: str | None = field(default=None, repr=False)
    hosts: tuple[str, ...] = ()
    session_timeout: int = 3600
    allow_ddl: bool = False
    limits: Limits = Limits()
    form_limits: FormLimits = FormLimits()
    lint_ignore: frozenset[str] = frozenset()
    unmanaged: tuple[str, ...] = ()
    sources: Sources = field(default=Sources(ini={}), repr=False, compare=False)

    def overriding(self, values: Mapping[str, Any]) -> Self:
        """Return these settings, with ``values`` for components' settings, such as ``mail.sender``.

        They count more than what is written anywhere. A text is read like one of the ini file.
        """
        overrides = {**self.sources.overrides, **values}
        return replace(self, sources=replace(self.sources, overrides=overrides))

    @property
    def state(self) -> Path:
        """The folder of everything generated: ``.berceau``; safe to delete."""
        return self.root / ".berceau"

    @property
    def cache(self) -> Path:
        """The folder of what was costly to find out."""
        return self.state / "cache"

    @property
    def components(self) -> Path:
        """The folder whose packages are the project's components."""
        return self.root / "components"

    @property
    def migrations(self) -> Path:
        """The folder of the reviewed migrations."""
        return self.root / "migrations"


_Kind = TypeVar("_Kind", Limits, FormLimits)


def load(root: Path, ini: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of the project in ``root``.

    A variable of the environment wins over ``.env``, which wins over an ini setting
    (``berceau.database_url``, ``berceau.migration_database_url``). An empty value counts as
    absent. Secrets are never read from the ini, which is kept with the code. What only the
    application needs, such as ``berceau.development``, is read from the ini only. What the linter
    ignores and what migrations leave alone is read from ``pyproject.toml``: there, ``ignore`` of
    ``[tool.berceau.lint]`` and ``unmanaged`` of ``[tool.berceau.migrations]``. Raises
    ``SettingsError``.
    """
    sources = given.read(root, ini)
    ini = ini or {}
    from_ini = {
        key.removeprefix(INI_PREFIX).upper(): value
        for key, value in ini.items()
        if key.startswith(INI_PREFIX)
    }
    dotenv_or_environment = {**sources.dotenv, **sources.environment}
    values = from_ini | dotenv_or_environment
    _refuse_secrets(from_ini)
    database_url = _database_url(values)
    secret = dotenv_or_environment.get("BERCEAU_SECRET") or None
    remember(secret or "")
    return Settings(
        root=root,
        database_url=database_url,
        migration_database_url=values.get("MIGRATION_DATABASE_URL") or database_url,
        replica_database_url=values.get("REPLICA_DATABASE_URL") or None,
        storage_url=values.get("STORAGE_URL") or None,
        test_workers=parse_workers(
            values.get("BERCEAU_TEST_WORKERS") or "auto", "BERCEAU_TEST_WORKERS"
        ),
        development=_parse_switch(ini, "berceau.development"),
        secret=secret,
        hosts=tuple((ini.get("berceau.hosts") or "").lower().split()),
        session_timeout=_parse_seconds(ini, "berceau.session_timeout", Settings.session_timeout),
        allow_ddl=_parse_switch(ini, "berceau.allow_ddl"),
        limits=_parse_limits(Limits, from_ini, LARGEST_LIMIT),
        form_limits=_parse_limits(FormLimits, from_ini, LARGEST_FORM),
        lint_ignore=frozenset(_texts(root / "pyproject.toml", "lint", "ignore", "L102")),
        unmanaged=_texts(root / "pyproject.toml", "migrations", "unmanaged", "audit_*"),
        sources=sources,
    )


def _database_url(values: Mapping[str, str]) -> str | None:
    """Return the ``DATABASE_URL``; refuse other URLs without it, as they mean nothing then."""
    url = values.get("DATABASE_URL") or None
    for name, cure in (
        ("MIGRATION_DATABASE_URL", "the connection of the application's own role"),
        ("REPLICA_DATABASE_URL", "the primary"),
    ):
        if url is None and values.get(name):
            raise SettingsError(
                f"{name} is set, but DATABASE_URL isn't.", cure=f"Set DATABASE_URL to {cure}."
            )
    return url


def _refuse_secrets(from_ini: Mapping[str, str]) -> None:
    if {"SECRET", "BERCEAU_SECRET"} & from_ini.keys():
        raise SettingsError(
            "The ini file holds a secret, but everybody who can read the code can read this file.",
            cure="Remove the line, make a new secret, and set it in the environment or in .env: "
            "BERCEAU_SECRET.",
        )


def _parse_limits(kind: type[_Kind], ini: Mapping[str, str], largest: int) -> _Kind:
    """Return the limits that the ini file sets, the defaults for the others."""
    given: dict[str, Any] = {}
    for limit in fields(kind):
        text = ini.get(limit.name.upper())
        if text is None:
            continue
        try:
            number = int(text) if limit.type is int else float(text)
        except ValueError:
            number = -1
        lowest = 1 if limit.type is int else 0
        if not lowest <= number <= largest:
            raise SettingsError(
                f"{INI_PREFIX}{limit.name} is {text!r}.",
                cure=f"Use a number from {lowest} to {largest:,}.",
            )
        given[limit.name] = number
    return kind(**given)


def parse_workers(text: str, source: str) -> int | Literal["auto"]:
    """Return the worker count that ``text`` means; ``source`` names it in the error."""
    if text == "auto":
        return "auto"
    if text.isascii() and text.isdigit() and int(text) >= 1:
        return int(text)
    raise SettingsError(
        f"{source} is {text!r}, which isn't a worker count.",
        cure="Use an integer of 1 or more, or auto.",
    )


def _parse_switch(ini: Mapping[str, str], name: str) -> bool:
    text = ini.get(name) or "false"
    if text.lower() not in SWITCH:
        raise SettingsError(
            f"{name} is {text!r}, which is neither true nor false.",
            cure="Use true or false; without the line it is false.",
        )
    return SWITCH[text.lower()]


def _parse_seconds(ini: Mapping[str, str], name: str, default: int) -> int:
    text = ini.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and int(text) >= 1):
        raise SettingsError(
            f"{name} is {text!r}, which isn't a number of seconds.",
            cure="Use an integer of 1 or more.",
        )
    return int(text)


def _texts(file: Path, table: str, key: str, example: str) -> tuple[str, ...]:
    """Return the texts that ``pyproject.toml`` lists under ``key`` of ``[tool.berceau.table]``."""
    if not file.is_file():
        return ()
    try:
        found: Any = tomllib.loads(file.read_text(encoding="utf-8"))
        for name in ("tool", "berceau", table):
            found = found.get(name, {})
        texts = found.get(key, [])
    except (ValueError, AttributeError) as error:
        raise SettingsError(
            f"It can't be read: {error}.", where=Location(file=file), cure="Correct it."
        ) from error
    if not (isinstance(texts, list) and all(isinstance(each, str) and each for each in texts)):
        raise SettingsError(
            f"{key} of [tool.berceau.{table}] isn't a list of strings: {texts!r}.",
            where=Location(file=file),
            cure=f'Write {key} = ["{example}"] under [tool.berceau.{table}].',
        )
    return tuple(texts)


def find_root(start: Path) -> Path:
    """Return the nearest folder at or above ``start`` that holds a project's ``tasks.py``."""
    for folder in (start, *start.parents):
        if (folder / "tasks.py").is_file():
            return folder
    raise SettingsError(
        f"{start} is not inside a Berceau project: no tasks.py in it or above it.",
        cure="Change to the project's folder.",
    )
