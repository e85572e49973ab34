"""Seed: the rows that an application needs to begin with, put in once."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pony import orm

from berceau.components import Component, import_module, locate
from berceau.errors import BerceauError, ComponentError, HistoryError, Location
from berceau.orm import db
from berceau.orm.session import unit_of_work
from berceau.orm.tenants import Choice
from berceau.postgres.core.connection import connect
from berceau.postgres.inspect.schemas import require_schema
from berceau.postgres.runner import seeds as ledger
from berceau.postgres.runner.progress import Report, silent
from berceau.postgres.tenants import registry
from berceau.schema.meaning import Place, Role
from berceau.schema.renames import path_of
from berceau.settings import Settings
from berceau.tenancy import SHARED, Tenant
from berceau.workflows.build.compose import Composition, compose
from berceau.workflows.serve.start import start
from berceau.workflows.shared.databases import Databases
from berceau.workflows.tenants.histories import require_tenants
from berceau.workflows.tenants.states import of_tenant
from berceau.workflows.tenants.unready import require_ready


@dataclass(frozen=True)
class Seeding:
    """The names of the components whose seeds ran, and of those whose seeds changed since."""

    ran: tuple[str, ...]
    changed: tuple[str, ...]


def seed(
    settings: Settings,
    again: Collection[str] = (),
    report: Report = silent,
    *,
    tenant: str | None = None,
) -> Mapping[str, Seeding]:
    """Run the seeds that never ran, and those of the components ``again``, in one transaction.

    A component's come after those of the components whose tables its own refer to. They act as
    the application does, with its rights. Where there are tenants, those of shared components run
    first, and then, in a transaction each, the others for every tenant that is ready, or for one
    ``tenant``. Returns what was done by tenant, and without one under an empty name.

    Raises ``ComponentError`` with file and line where one fails: nothing of its transaction is kept
    then; ``HistoryError`` where migrations are pending, and ``TenantError`` for a tenant that isn't
    there, or isn't ready: nothing is begun then.
    """
    if tenant is not None:
        require_tenants(settings)
    running = start(settings)
    composition = compose(settings.components)
    components = tuple(_with_seeds(composition))
    _require_known(again, components)
    if unfit := running.look():
        raise HistoryError(f"{unfit.title}: {', '.join(unfit.names)}.", cure=unfit.cure)
    databases = running.databases
    if settings.tenants is None:
        return {"": _seed(databases, components, again, report)}
    chosen = _tenants(databases, tenant)
    shared = [each for each in components if each.name in composition.shared]
    own = [each for each in components if each not in shared]
    done = {"": _seed(databases, shared, again, report, SHARED)} if shared else {}
    for each in chosen if own else ():
        with of_tenant(each):
            found = databases.of_tenant(each.schema)
            done[each.name] = _seed(found, own, again, report, each)
    return done


def _tenants(databases: Databases, name: str | None) -> Sequence[Tenant]:
    with connect(databases.migration_url) as connection:
        if name is not None:
            tenant = registry.get(connection, name)
            require_ready(tenant)
            return (tenant,)
        return [each for each in registry.read(connection) if each.state == "ready"]


def _seed(
    databases: Databases,
    components: Sequence[Component],
    again: Collection[str],
    report: Report,
    tenant: Choice | None = None,
) -> Seeding:
    """Run the seeds of ``components`` that are due, in the tables of ``databases``."""
    whose = f" for the tenant {tenant}" if isinstance(tenant, Tenant) else ""
    with connect(databases.migration_url) as connection:
        require_schema(connection, databases.migration_url.schema)
        ledger.ensure(connection, databases.runtime_url.user)
    with unit_of_work(tenant=tenant):
        # In the unit's own transaction: seeds are recorded if they are kept.
        connection = db.get_connection()
        ledger.pin(connection)
        checksums = ledger.read(connection)
        transaction = ledger.transaction(connection)
        due = [each for each in components if each.name in again or each.name not in checksums]
        for component in due:
            report(f"seeding {component.name}{whose}")
            _run(component, components)
            if ledger.transaction(db.get_connection()) != transaction:
                raise _rolled_back(component)
            ledger.record(connection, component.name, _checksum(component))
    return Seeding(
        ran=tuple(each.name for each in due),
        changed=tuple(
            each.name
            for each in components
            if each not in due and checksums[each.name] != _checksum(each)
        ),
    )


def _with_seeds(composition: Composition) -> Iterator[Component]:
    """Yield the components that have seeds, each after those that its tables refer to."""
    done: set[str] = set()

    def visit(component: Component) -> Iterator[Component]:
        if component.name in done:
            return  # or on the way: where two refer to each other, either may come first
        done.add(component.name)
        needed = set(_referred(composition, component))
        for other in composition.components:
            if other.name in needed:
                yield from visit(other)
        if component.seeds is not None:
            yield component

    for component in composition.components:
        yield from visit(component)


def _referred(composition: Composition, component: Component) -> Iterator[str]:
    """Yield the components whose tables those of ``component`` refer to, with their subclasses."""
    owners = composition.component_by_name
    holders = _holders(composition)
    for table in composition.schema.tables:
        for key in table.foreign_keys:
            theirs = holders.get((table.name, key.columns[0]), {owners.get(table.name)})
            if component.name in theirs and key.target in owners:
                yield owners[key.target]


def _holders(composition: Composition) -> dict[Place, set[str | None]]:
    """Return the components whose subclasses have a column that their root hasn't."""
    owners = {
        (each.place[0], each.place[2]): composition.component_by_name.get(path_of(each.place))
        for each in composition.schema.meanings
        if each.role == Role.SUBCLASS
    }
    found: dict[Place, set[str | None]] = {}
    for each in composition.schema.meanings:
        if each.role == Role.HELD:
            owner = owners[each.place[0], each.place[2]]
            found.setdefault(each.place[:2], set()).add(owner)
    return found


def _require_known(names: Collection[str], components: Sequence[Component]) -> None:
    known = [component.name for component in components]
    for name in names:
        if name not in known:
            raise ComponentError(
                f"No component {name} has seeds.",
                cure=f"Those that have: {', '.join(known) or 'none'}.",
            )


def _run(component: Component, among: Sequence[Component]) -> None:
    module: Any = import_module(f"{component.package}.seeds", component, among)
    if not callable(getattr(module, "seed", None)):
        raise ComponentError(
            f"The seeds.py of component {component.name} has no function seed.",
            where=Location(component.name, component.seeds),
            cure="Write `def seed() -> None:`, and make the rows in it.",
        )
    try:
        module.seed()
        orm.flush()
    except BerceauError as error:
        if error.where is not None:
            raise
        raise error.at(_place(error, component, among)) from error
    except Exception as error:
        raise ComponentError(
            f"The seeds of component {component.name} failed: {type(error).__name__}: {error}",
            where=_place(error, component, among),
            cure="No seeds of any component were kept. Correct the line, and run `invoke db.seed`.",
        ) from error


def _place(error: Exception, component: Component, among: Sequence[Component]) -> Location:
    where = locate(error, among)
    return where if where.file else Location(component.name, component.seeds)


def _rolled_back(component: Component) -> ComponentError:
    return ComponentError(
        f"The seeds of component {component.name} rolled back.",
        where=Location(component.name, component.seeds),
        cure="That undoes what came before, too: let them raise an exception instead.",
    )


def _checksum(component: Component) -> str:
    text = component.seeds.read_bytes() if component.seeds else b""
    return hashlib.sha256(text).hexdigest()
