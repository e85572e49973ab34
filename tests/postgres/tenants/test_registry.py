from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from threading import Barrier

import psycopg2
import pytest

from berceau.errors import TenantError, TenantUnknownError
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.core.fetch import execute
from berceau.postgres.inspect import catalog
from berceau.postgres.runner import processes
from berceau.postgres.tenants import registry
from berceau.schema.model import EMPTY
from berceau.tenancy import Tenant
from berceau.workflows.shared.databases import Databases


@pytest.fixture
def acme(database: Databases) -> Tenant:
    """A tenant whose schema is there: the private one, as good as any."""
    return Tenant("acme", database.migration_url.schema, "creating")


def test_the_registry_keeps_what_is_done_with_a_tenant(database: Databases, acme: Tenant) -> None:
    with connect(database.migration_url, autocommit=True) as owner:
        assert registry.read(owner) == ()
        assert registry.find(owner, "acme") is None
        for _ in range(2):
            registry.ensure(owner, database.runtime_url.user)
        assert catalog.read(owner) == EMPTY
        assert not registry.has_schema(owner, acme.schema)
        assert not registry.add(owner, acme, new=True)  # its schema isn't new
        acme = registry.add(owner, acme)
        assert acme is not None
        assert registry.has_schema(owner, acme.schema)
        assert not registry.add(owner, Tenant("acme", "tenant_other"))
        registry.set_state(owner, acme, "ready")
        registry.set_version(owner, ["acme"], "20260101000000_init")
        made = replace(acme, state="ready", version="20260101000000_init")
        assert registry.read(owner) == (made,)
        with connect(database.runtime_url) as runtime:
            assert registry.get(runtime, "acme") == made
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                registry.remove(runtime, "acme")
        registry.remove(owner, "acme")
        again = registry.add(owner, acme)
        assert again is not None
        assert again.identity != acme.identity
        registry.remove(owner, "acme")
        with pytest.raises(TenantUnknownError, match="There is no tenant acme"):
            registry.get(owner, "acme")
        with pytest.raises(TenantError, match="acme was removed meanwhile"):
            registry.set_state(owner, acme, "ready")


def test_only_the_version_that_was_read_is_corrected(database: Databases) -> None:
    names = ["acme", "globex", "initech"]
    with connect(database.migration_url, autocommit=True) as owner:
        registry.ensure(owner, database.runtime_url.user)
        for name in names:
            registry.add(owner, Tenant(name, f"tenant_{name}"))
        registry.set_version(owner, ["initech"], "1")
        before = registry.read(owner)
        registry.set_version(owner, ["globex"], "3")
        registry.correct_version(owner, before, "2")
        assert [each.version for each in registry.read(owner)] == ["2", "3", "2"]


def test_a_tenant_has_a_known_state(database: Databases) -> None:
    with connect(database.migration_url, autocommit=True) as owner:
        registry.ensure(owner, database.runtime_url.user)
        with pytest.raises(psycopg2.errors.CheckViolation):
            registry.add(owner, Tenant("acme", "tenant_acme", "asleep"))  # type: ignore[arg-type]


def test_one_whose_schema_is_gone_is_missing(database: Databases, acme: Tenant) -> None:
    gone = Tenant("gone", "tenant_that_is_gone", "ready", "20260101000000_init")
    with connect(database.migration_url, autocommit=True) as owner:
        registry.ensure(owner, database.runtime_url.user)
        gone, acme = (registry.add(owner, each) for each in (gone, replace(acme, state="ready")))
        missing = replace(gone, state="missing")
        assert registry.get(owner, "gone") == missing
        assert registry.find_all(owner, ["gone"]) == (missing,)
        assert registry.read(owner) == (acme, missing)
        assert registry.one_of_each_version(owner) == (acme,)


@pytest.mark.parametrize(
    ("ensure", "table"),
    [(registry.ensure, "berceau_tenant"), (processes.ensure, "berceau_process")],
    ids=["registry", "processes"],
)
def test_several_commands_may_make_a_table_at_once(
    database: Databases, ensure: Callable[[Connection, str], object], table: str
) -> None:
    """CREATE TABLE IF NOT EXISTS doesn't wait, and neither does GRANT: of two, one would fail."""
    count, runtime = 4, database.runtime_url.user
    together = Barrier(count)

    def make(owner: Connection) -> None:
        together.wait()
        ensure(owner, runtime)

    with ExitStack() as stack, ThreadPoolExecutor(count) as threads:
        owners = [
            stack.enter_context(connect(database.migration_url, autocommit=True))
            for _ in range(count)
        ]
        for _ in range(5):
            list(threads.map(make, owners))
            execute(owners[0], f"REVOKE ALL ON {table} FROM {runtime}")
            list(threads.map(make, owners))
            execute(owners[0], f"DROP TABLE {table}")
