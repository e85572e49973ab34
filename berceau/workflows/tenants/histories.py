"""The two histories of a project with tenants: of the shared tables, and of each tenant's."""

from collections.abc import Mapping
from dataclasses import dataclass

from berceau.errors import SettingsError
from berceau.migration.migration import Migration
from berceau.migration.phases import is_contract
from berceau.settings import Settings
from berceau.tenancy import Scope, Target
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.migration_directory import last_name


@dataclass(frozen=True)
class Histories:
    """The migrations of the ``shared`` tables, and those of each ``tenant``, in order."""

    shared: tuple[Migration, ...]
    tenant: tuple[Migration, ...]

    def of(self, scope: Scope) -> tuple[Migration, ...]:
        """Return the migrations of one ``scope``."""
        return self.shared if scope == "shared" else self.tenant

    def scope_of(self, name: str) -> Scope:
        """Return in which of the two the migration called ``name`` is."""
        return "shared" if any(each.name == name for each in self.shared) else "tenant"

    @property
    def needed(self) -> str | None:
        """The newest migration without which the release can't serve a tenant."""
        return last_name([each for each in self.tenant if not is_contract(each)])

    def stages(self, pending: Mapping[Scope, set[str]]) -> tuple[tuple[Scope, frozenset[str]], ...]:
        """Return what is ``pending``, in the order in which it was written.

        What follows on another in the same scope is one stage. A tenant's table may refer to a
        shared one that is made just before it, and has to end that before this one goes.
        """
        named: list[tuple[str, Scope]] = [(each.name, "shared") for each in self.shared]
        named += [(each.name, "tenant") for each in self.tenant]
        stages: list[tuple[Scope, frozenset[str]]] = []
        for name, scope in sorted(named):
            if name not in pending[scope]:
                continue
            if stages and stages[-1][0] == scope:
                stages[-1] = (scope, stages[-1][1] | {name})
            else:
                stages.append((scope, frozenset([name])))
        return tuple(stages)


def read(settings: Settings) -> Histories:
    """Return the migrations of a project with tenants.

    Raises ``SettingsError`` where it has none, ``MigrationFileError`` for a malformed folder.
    """
    require_tenants(settings)
    migration_directory.refuse_loose(settings.migrations)
    return Histories(_read(settings, "shared"), _read(settings, "tenant"))


def require_tenants(settings: Settings) -> None:
    """Raise ``SettingsError`` where the project has no tenants."""
    if settings.tenants is None:
        raise SettingsError(
            "This project has no tenants.",
            cure="Write berceau.tenants = schema into the ini file, or set BERCEAU_TENANTS=schema.",
        )


def _read(settings: Settings, scope: Scope) -> tuple[Migration, ...]:
    return migration_directory.read(settings.targeting(Target(scope)).migrations)
