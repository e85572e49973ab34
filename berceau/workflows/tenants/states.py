"""States: what is applied to the shared tables and to each tenant, beside the migrations."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property

from berceau.errors import BerceauError, TenantError
from berceau.migration.history import History, compare
from berceau.migration.migration import Migration
from berceau.postgres.citus.nodes import require_servers
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.core.url import Url
from berceau.postgres.inspect.schemas import schema_exists, use_schema
from berceau.postgres.runner import ledger
from berceau.postgres.tenants import ledgers, registry
from berceau.tenancy import Scope, Target, Tenant
from berceau.workflows.tenants.commands import complete, completing
from berceau.workflows.tenants.histories import Histories

SCHEMAS_EACH = 500
"""After so many a session is replaced: its process of the server remembers their tables."""


@dataclass(frozen=True)
class Alike:
    """The ``tenants`` that have the same ``history``.

    ``said`` is what their ledgers say, in short; one whose ledger is in doubt is alone.
    """

    history: History
    tenants: tuple[Tenant, ...]
    said: str | None = None


@dataclass(frozen=True)
class States:
    """The history of what is ``shared``, and those of the tenants that are ready.

    The ``others`` are being made or dropped.
    """

    shared: History
    groups: tuple[Alike, ...]
    others: tuple[Tenant, ...] = ()

    @cached_property
    def tenants(self) -> Mapping[Tenant, History]:
        """The histories by tenants, which are in the order of their names."""
        return {tenant: each.history for tenant, each in self.alike.items()}

    @cached_property
    def alike(self) -> Mapping[Tenant, Alike]:
        """The groups by tenants, which are in the order of their names."""
        pairs = ((tenant, each) for each in self.groups for tenant in each.tenants)
        return dict(sorted(pairs, key=lambda pair: pair[0].name))

    @property
    def open(self) -> dict[Scope, set[str]]:
        """The names of what is to be applied, or recorded in the place of others, somewhere."""
        tenants = (_open(each.history) for each in self.groups)
        return {"shared": _open(self.shared), "tenant": set().union(*tenants)}

    def with_any(self, names: frozenset[str]) -> tuple[Tenant, ...]:
        """Return the tenants to which any migration of ``names`` is to be applied, by name."""
        groups = (each for each in self.groups if names & _open(each.history))
        return tuple(sorted((each for group in groups for each in group.tenants), key=str))

    def histories(self, tenants: Iterable[Tenant]) -> tuple[History, ...]:
        """Return the histories of ``tenants``, that of those with the same ledger once."""
        alike = {id(each): each.history for each in map(self.alike.__getitem__, tenants)}
        return tuple(alike.values())

    def require_sound(self) -> None:
        """Raise ``HistoryError`` or ``TenantError`` where files and a ledger contradict."""
        self._require_shared()
        for each in self.groups:
            with of_tenant(each.tenants[0]):
                each.history.require_sound()

    def _require_shared(self) -> None:
        with completing(Target("shared")):
            self.shared.require_sound()

    def without_unsound(self) -> tuple["States", dict[str, BerceauError]]:
        """Return the states without tenants whose ledger contradicts the files, and why, by name.

        Raises ``HistoryError`` where that of what is shared does.
        """
        self._require_shared()
        sound, why = [], dict[str, BerceauError]()
        for each in self.groups:
            try:
                each.history.require_sound()
            except BerceauError as error:
                why |= {tenant.name: error for tenant in each.tenants}
            else:
                sound.append(each)
        return replace(self, groups=tuple(sound)), why


def look(connection: Connection, url: Url, found: Histories) -> States:
    """Return the states; ``connection`` is one to the shared schema of ``url``, in autocommit mode.

    Raises ``DatabaseError`` where a server of Citus that may have some of them doesn't answer.
    """
    require_servers(connection)
    tenants = registry.read(connection)
    ready = [each for each in tenants if each.state == "ready"]
    return States(
        compare(found.shared, ledger.read(connection)),
        tuple(_groups(connection, url, ready, found.tenant)),
        tuple(each for each in tenants if each.state != "ready"),
    )


def _groups(
    connection: Connection, url: Url, tenants: Sequence[Tenant], migrations: Sequence[Migration]
) -> Iterator[Alike]:
    said = _said(connection, url, [each.schema for each in tenants])
    alike: dict[tuple[str, str | None], list[Tenant]] = {}
    for tenant in tenants:
        text = said.get(tenant.schema)
        alike.setdefault(("" if text else tenant.schema, text), []).append(tenant)
    for (_, text), those in alike.items():
        yield from _read(connection, migrations, those, text)
    use_schema(connection, url.schema)


def _read(
    connection: Connection,
    migrations: Sequence[Migration],
    tenants: Sequence[Tenant],
    said: str | None,
) -> Iterator[Alike]:
    """Yield the ``tenants``, whose ledgers ``said`` the same, with the history of one of them.

    One that another command changed meanwhile stands for itself only.
    """
    for number, tenant in enumerate(tenants):
        if not schema_exists(connection, tenant.schema):
            continue  # it was dropped meanwhile
        use_schema(connection, tenant.schema)
        with of_tenant(tenant):
            history = compare(migrations, ledger.read(connection))
        if said and ledgers.still_says(connection, tenant.schema, said):
            yield Alike(history, tuple(tenants[number:]), said)
            return
        yield Alike(history, (tenant,))


def _said(connection: Connection, url: Url, schemas: Sequence[str]) -> dict[str, str]:
    found = ledgers.said(connection, schemas[:SCHEMAS_EACH])
    for first in range(SCHEMAS_EACH, len(schemas), SCHEMAS_EACH):
        with connect(url, autocommit=True) as session:
            found |= ledgers.said(session, schemas[first : first + SCHEMAS_EACH])
    return found


@contextmanager
def of_tenant(tenant: Tenant) -> Iterator[None]:
    """Let what is refused in the body say for which ``tenant``; raises ``TenantError``."""
    try:
        yield
    except BerceauError as error:
        raise error_of(tenant.name, error) from error


def error_of(name: str, error: BerceauError) -> TenantError:
    """Return ``error`` as that of the tenant called ``name``, which its commands are about."""
    cure = error.cure and complete(error.cure, Target("tenant"), name)
    return TenantError(f"Tenant {name}: {error.message}", where=error.where, cure=cure)


def _open(state: History) -> set[str]:
    return {each.name for each in (*state.pending, *state.replacing)}
