"""The settings of a project: ini settings, ``.env`` and variables become ``Settings``."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Self

from berceau.errors import SettingsError
from berceau.settings import sources as given
from berceau.settings.limits import FormLimits as FormLimits
from berceau.settings.limits import Limits as Limits
from berceau.settings.limits import QueryLimits as QueryLimits
from berceau.settings.limits import read_limits
from berceau.settings.pyproject import Pyproject
from berceau.settings.secrets import remember
from berceau.settings.sources import Sources
from berceau.settings.tenants import read_tenants
from berceau.tenancy import Mode, Target

INI_PREFIX = "berceau."
SWITCH = {"true": True, "false": False}


@dataclass(frozen=True)
class Settings:
    """The settings of a project, read once from the environment, ``.env`` and the ini file.

    ``root`` is the project's folder. The URLs are as configured, unparsed; ``None`` for both
    means the embedded server. ``storage_url`` names the place for files. ``development`` is what
    only an ini file can set for this machine: without it, this is production. ``console`` is
    whether ``/berceau`` is served. ``hosts`` are the names that visitors may use for the site, and
    ``session_timeout`` is how long a visitor's session outlives the last use of it, in seconds.
    ``lint_ignore`` holds the codes of the rules that the project switches off, and ``unmanaged``
    patterns of the names that migrations leave alone; ``allow_downtime`` says that no release runs
    while they are applied.
    ``private_columns`` and ``public_columns`` are patterns of the columns whose values files of
    statistics never hold, or may hold, ``statistics_file`` is the one to plan by, from ``root``,
    where there are several, and ``dismissed_advice`` is not to be shown. ``tenants`` is how
    customers are kept apart, and where they are, ``target`` is what of the database a command works
    on. ``sources`` are what all was read from: the settings of components are, too.
    """

    root: Path
    database_url: str | None = field(default=None, repr=False)
    migration_database_url: str | None = field(default=None, repr=False)
    replica_database_url: str | None = field(default=None, repr=False)
    storage_url: str | None = field(default=None, repr=False)
    test_workers: int | Literal["auto"] = "auto"
    development: bool = False
    console: bool = False
    secret: str | None = field(default=None, repr=False)
    hosts: tuple[str, ...] = ()
    tenants: Mode | None = None
    session_timeout: int = 3600
    allow_ddl: bool = False
    limits: Limits = field(default=Limits())
    query_limits: QueryLimits = field(default=QueryLimits())
    form_limits: FormLimits = field(default=FormLimits())
    lint_ignore: frozenset[str] = frozenset()
    unmanaged: tuple[str, ...] = ()
    allow_downtime: bool = False
    private_columns: tuple[str, ...] = ()
    public_columns: tuple[str, ...] = ()
    statistics_file: str | None = None
    dismissed_advice: tuple[str, ...] = ()
    target: Target | None = None
    sources: Sources = field(default=Sources(ini={}), repr=False, compare=False)

    def overriding(self, values: Mapping[str, Any]) -> Self:
        """Return these settings, with ``values`` for components' settings, such as ``mail.sender``.

        They count more than what is written anywhere. A text is read like one of the ini file.
        """
        overrides = {**self.sources.overrides, **values}
        return replace(self, sources=replace(self.sources, overrides=overrides))

    def targeting(self, target: Target) -> Self:
        """Return these settings for what works on the ``target`` alone."""
        return replace(self, target=target)

    @property
    def state(self) -> Path:
        """The folder of everything generated: ``.berceau``; safe to delete."""
        return self.root / ".berceau"

    @property
    def cache(self) -> Path:
        """The folder of what was costly to find out."""
        return self.state / "cache" / (self.target.scope if self.target else "")

    @property
    def components(self) -> Path:
        """The folder whose packages are the project's components."""
        return self.root / "components"

    @property
    def migrations(self) -> Path:
        """The folder of the reviewed migrations; with tenants, each target has its own."""
        return self.root / "migrations" / (self.target.scope if self.target else "")


def load(root: Path, ini: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of the project in ``root``.

    A variable of the environment wins over ``.env``, which wins over an ini setting
    (``berceau.database_url``, ``berceau.migration_database_url``). An empty value counts as
    absent. Secrets are never read from the ini, which is kept with the code. What only the
    application needs, such as ``berceau.development``, is read from the ini only. What the linter
    ignores and what migrations leave alone is read from ``pyproject.toml``: there, ``ignore`` of
    ``[tool.berceau.lint]``, ``unmanaged`` and ``allow_downtime`` of ``[tool.berceau.migrations]``,
    and ``private``, ``public`` and ``file`` of ``[tool.berceau.statistics]``. Raises
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
    development = _parse_switch(ini, "berceau.development")
    pyproject = Pyproject(root / "pyproject.toml")
    return Settings(
        root=root,
        database_url=database_url,
        migration_database_url=values.get("MIGRATION_DATABASE_URL") or database_url,
        replica_database_url=values.get("REPLICA_DATABASE_URL") or None,
        storage_url=values.get("STORAGE_URL") or None,
        test_workers=parse_workers(
            values.get("BERCEAU_TEST_WORKERS") or "auto", "BERCEAU_TEST_WORKERS"
        ),
        development=development,
        console=_parse_switch(ini, "berceau.console", default=development),
        secret=secret,
        hosts=tuple((ini.get("berceau.hosts") or "").lower().split()),
        tenants=read_tenants(sources, root),
        session_timeout=_parse_seconds(ini, "berceau.session_timeout", Settings.session_timeout),
        allow_ddl=_parse_switch(ini, "berceau.allow_ddl"),
        limits=read_limits(Limits, from_ini),
        query_limits=read_limits(QueryLimits, from_ini),
        form_limits=read_limits(FormLimits, from_ini),
        lint_ignore=frozenset(pyproject.texts("lint", "ignore", "L102")),
        unmanaged=pyproject.texts("migrations", "unmanaged", "audit_*"),
        allow_downtime=_allow_downtime(pyproject, dotenv_or_environment),
        private_columns=pyproject.texts("statistics", "private", "invoice.*"),
        public_columns=pyproject.texts("statistics", "public", "country.name"),
        statistics_file=pyproject.file_name("statistics", "file", "statistics/production.json"),
        dismissed_advice=pyproject.texts("advise", "dismissed", "A202 a_idx: the reason"),
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


def parse_workers(text: str, source: str) -> int | Literal["auto"]:
    """Return the worker count that ``text`` means; ``source`` names it in the error."""
    return "auto" if text == "auto" else parse_count(text, source, "worker count", ", or auto")


def parse_count(text: str, source: str, kind: str, instead: str = "") -> int:
    """Return the number, 1 or more, that ``text`` means.

    In the error, ``source`` names it, and ``kind`` says what it is. What it may be ``instead``
    follows in words.
    """
    if text.isascii() and text.isdigit() and int(text) >= 1:
        return int(text)
    raise SettingsError(
        f"{source} is {text!r}, which isn't a {kind}.",
        cure=f"Use an integer of 1 or more{instead}.",
    )


def _parse_switch(ini: Mapping[str, str], name: str, *, default: bool = False) -> bool:
    text = ini.get(name) or str(default)
    if text.lower() not in SWITCH:
        raise SettingsError(
            f"{name} is {text!r}, which is neither true nor false.",
            cure=f"Use true or false; without the line it is {str(default).lower()}.",
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


def _allow_downtime(pyproject: Pyproject, values: Mapping[str, str]) -> bool:
    variable = "BERCEAU_ALLOW_DOWNTIME"
    if values.get(variable):
        return _parse_switch(values, variable)
    return pyproject.switch("migrations", "allow_downtime")


def find_root(start: Path) -> Path:
    """Return the nearest folder at or above ``start`` that holds a project's ``tasks.py``."""
    for folder in (start, *start.parents):
        if (folder / "tasks.py").is_file():
            return folder
    raise SettingsError(
        f"{start} is not inside a Berceau project: no tasks.py in it or above it.",
        cure="Change to the project's folder.",
    )
