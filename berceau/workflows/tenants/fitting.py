"""Tenants whose rows don't fit what is pending: found before the first tenant is changed."""

from collections.abc import Collection, Iterator, Sequence, Set
from dataclasses import dataclass

from berceau.errors import BerceauError, HistoryError, Location, TenantError
from berceau.migration.history import History
from berceau.migration.migration import UP, Migration
from berceau.migration.phases import phases
from berceau.migration.required import Requirement, Requirements
from berceau.postgres.core.connection import Connection
from berceau.postgres.runner import processes
from berceau.postgres.runner.lock_retry import PATIENCE
from berceau.postgres.runner.processes import Process
from berceau.postgres.tenants.rows import unfit_schemas
from berceau.tenancy import Scope
from berceau.workflows.deploy.phased import first_barred
from berceau.workflows.shared.wording import counted
from berceau.workflows.tenants.histories import Histories
from berceau.workflows.tenants.rules import Rules
from berceau.workflows.tenants.states import States
from berceau.workflows.tenants.waiting import coming

SHOWN = 10
"""How many of these tenants a person reads the names of."""

_CURE = "Correct these rows first, or write an UPDATE above that statement."


def refuse_unfit(
    connection: Connection,
    found: Histories,
    states: States,
    rules: Rules,
    failed: Collection[str],
) -> dict[str, BerceauError]:
    """Return which of the tenants to deploy have rows that don't fit, and what they don't fit.

    Those that ``failed`` before are known by name. A tenant whose table is locked isn't looked at:
    the deploy waits for that lock, and tells who holds it. Raises ``TenantError`` unless it is to
    keep going with the others.
    """
    running = processes.running(connection) if rules.contract else ()
    now = _Now(found, rules, running)
    reached = now.reached(states, failed)
    unfit: dict[str, BerceauError] = {}
    for group in states.groups:
        chosen = {each.schema: each for each in group.tenants if rules.choose(each)}
        ready = [each for each in now.ready("tenant", group.history) if each.name in reached]
        for migration, each in _required(group.history, ready):
            why = _misfit(migration, each)
            for schema in unfit_schemas(connection, tuple(chosen), each, PATIENCE.lock_seconds):
                unfit.setdefault(chosen[schema].name, why)
    if unfit and (not rules.keep_going or rules.canary in unfit):
        raise _refusal(unfit)
    return unfit


@dataclass(frozen=True)
class _Now:
    """What a deploy by ``rules`` applies now, while the processes that are ``running`` do."""

    found: Histories
    rules: Rules
    running: Sequence[Process]

    def ready(self, scope: Scope, history: History) -> Sequence[Migration]:
        """Return what of ``history`` waits for no process."""
        pending = history.pending
        if self.rules.allow_downtime or not phases(history).waiting:
            return pending
        if not self.rules.contract:
            return phases(history).ready
        barred = first_barred(self.found.of(scope), pending, self.running)
        return pending[: pending.index(barred.contract)] if barred else pending

    def waiting(self, scope: Scope, history: History) -> Sequence[Migration]:
        """Return what of ``history`` waits for a process, or behind what does."""
        return history.pending[len(self.ready(scope, history)) :]

    def reached(self, states: States, failed: Collection[str]) -> Set[str]:
        """Return the names of what is come to: nothing stands before it, in either history."""
        reached: set[str] = set()
        for scope, names, histories in coming(self.found, states, self.rules, failed):
            reached |= names
            waiting = {each.name for one in histories for each in self.waiting(scope, one)}
            if names & waiting:
                break
        return reached


def _required(
    history: History, ready: Sequence[Migration]
) -> Iterator[tuple[Migration, Requirement]]:
    """Yield what ``ready`` requires of the rows as they are, as far as the text shows."""
    begun = {each.name for each in history.unfinished}
    requirements = Requirements()
    for migration in ready:
        if migration.name in begun:
            return  # it may have changed some of them already
        for each in requirements.of(migration.sql):
            yield migration, each
        if migration.data:
            return  # Python may give them their values


def _misfit(migration: Migration, required: Requirement) -> HistoryError:
    return HistoryError(
        _needs(required),
        where=Location(file=migration.file(UP), line=required.line),
        cure=_CURE,
    )


def _needs(required: Requirement) -> str:
    table, columns = required.table, ", ".join(required.columns)
    match required.kind:
        case "value":
            return f"{table}.{columns} has to have a value, which rows of {table} lack."
        case "unique":
            return f"{columns} of {table} has to be unique, but rows have the same."
        case "reference":
            return (
                f"{columns} of {table} has to refer to {required.target}, but rows refer to none."
            )


def _refusal(found: dict[str, BerceauError]) -> TenantError:
    names = sorted(found)
    lines = [f"{name}: {found[name].message}" for name in names[:SHOWN]]
    more = [f"and {counted(len(names) - SHOWN, 'other')}"] if len(names) > SHOWN else []
    title = f"The rows of {counted(len(names), 'tenant')} don't fit what is pending:"
    return TenantError(
        "\n  ".join((title, *lines, *more)),
        where=found[names[0]].where,
        cure=f"Nothing was applied. {_CURE} The other tenants are deployed by --keep-going.",
    )
