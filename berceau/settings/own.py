"""The settings of Berceau itself, as a list: their names, and what each is."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Any

from berceau.settings import INI_PREFIX, Settings
from berceau.settings.sources import INI, Place


@dataclass(frozen=True)
class OwnSetting:
    """A setting of Berceau: the ``attribute`` of ``Settings``, and what it is for people.

    It is read from the ``variable``, where there is one, and from the ini file, unless
    ``in_ini`` is false. ``in_pyproject`` is its name in ``pyproject.toml``, in place of that.
    """

    attribute: str
    help: str
    variable: str | None = None
    in_ini: bool = True
    secret: bool = False
    in_pyproject: str | None = None

    @property
    def key(self) -> str | None:
        """Its name in the ini file."""
        if self.in_pyproject or not self.in_ini:
            return None
        return INI_PREFIX + self.attribute.rpartition(".")[2]

    @property
    def name(self) -> str:
        """What it is called where it is set."""
        return self.key or self.in_pyproject or self.variable or self.attribute

    def value(self, settings: Settings) -> Any:
        """Return what it is in ``settings``."""
        return reduce(getattr, self.attribute.split("."), settings)

    def place(self, settings: Settings) -> Place | None:
        """Return where it was written; ``None`` where it is the default."""
        found = settings.sources.find(self.variable or "", self.key or "")
        if found is None and self.in_pyproject:
            return "pyproject.toml" if self.value(settings) else None
        return found.place if found else None


OWN = (
    OwnSetting("root", "the project's folder"),
    OwnSetting("database_url", "the application's connection", "DATABASE_URL", secret=True),
    OwnSetting(
        "migration_database_url",
        "the connection of the schema's owner",
        "MIGRATION_DATABASE_URL",
        secret=True,
    ),
    OwnSetting(
        "replica_database_url",
        "the connection to a copy of the database",
        "REPLICA_DATABASE_URL",
        secret=True,
    ),
    OwnSetting(
        "storage_url", "the place for files: a folder or a bucket", "STORAGE_URL", secret=True
    ),
    OwnSetting("secret", "what signs sessions", "BERCEAU_SECRET", in_ini=False, secret=True),
    OwnSetting(
        "test_workers", "how many processes run tests", "BERCEAU_TEST_WORKERS", in_ini=False
    ),
    OwnSetting("development", "whether this is a developer's machine"),
    OwnSetting("console", "whether /berceau shows the application from the inside"),
    OwnSetting("hosts", "the names that visitors use for the site"),
    OwnSetting("tenants", "how customers are kept apart", "BERCEAU_TENANTS"),
    OwnSetting("session_timeout", "how many seconds a session outlives its last use"),
    OwnSetting("allow_ddl", "whether the role may change the schema in production"),
    OwnSetting("limits.pool_size", "how many connections a process has"),
    OwnSetting("limits.pool_timeout", "the longest wait for a connection, in seconds"),
    OwnSetting("limits.connection_lifetime", "the age of a connection, in seconds"),
    OwnSetting("limits.connection_tenants", "how many tenants a connection serves"),
    OwnSetting("limits.statement_timeout", "the longest statement, in seconds"),
    OwnSetting("limits.idle_transaction_timeout", "the longest idle transaction, in seconds"),
    OwnSetting("query_limits.slow_query", "the query that the log has a line on, in seconds"),
    OwnSetting("query_limits.n_plus_one", "how often a line may repeat a query, in development"),
    OwnSetting("form_limits.max_form_fields", "how many fields a form may have"),
    OwnSetting("form_limits.max_form_files", "how many files a form may have"),
    OwnSetting("form_limits.max_form_size", "how many bytes a form may have beside its files"),
    OwnSetting(
        "lint_ignore", "the rules that are switched off", in_pyproject="tool.berceau.lint.ignore"
    ),
    OwnSetting(
        "unmanaged",
        "patterns of what migrations leave alone",
        in_pyproject="tool.berceau.migrations.unmanaged",
    ),
    OwnSetting(
        "allow_downtime",
        "whether no release runs while migrations are applied",
        "BERCEAU_ALLOW_DOWNTIME",
        in_pyproject="tool.berceau.migrations.allow_downtime",
    ),
    OwnSetting(
        "private_columns",
        "patterns of columns whose values no file of statistics holds",
        in_pyproject="tool.berceau.statistics.private",
    ),
    OwnSetting(
        "public_columns",
        "patterns of columns whose values a file of statistics may hold",
        in_pyproject="tool.berceau.statistics.public",
    ),
    OwnSetting(
        "statistics_file",
        "the file of statistics to plan by, if there are several",
        in_pyproject="tool.berceau.statistics.file",
    ),
    OwnSetting(
        "dismissed_advice",
        "findings of `invoke advise` that are dismissed, with the reason",
        in_pyproject="tool.berceau.advise.dismissed",
    ),
)

S3_VARIABLES = (
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    *("AWS_REGION", "AWS_ENDPOINT_URL"),
)
"""What a bucket needs besides ``STORAGE_URL``, under the names that all tools know."""

NOT_OF_SETTINGS = (INI, "BERCEAU_TEST_CITUS_URL", *S3_VARIABLES)
"""Variables that Berceau reads beside these."""


def variables() -> Iterator[str]:
    """Yield the names of all variables that Berceau reads."""
    yield from (each.variable for each in OWN if each.variable)
    yield from NOT_OF_SETTINGS
