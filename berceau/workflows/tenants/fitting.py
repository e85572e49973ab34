"""Tenants whose rows don't fit what is pending: found before the first tenant is changed."""

from collections.abc import Iterator

from berceau.errors import BerceauError, HistoryError, Location, TenantError
from berceau.migration.history import History
from berceau.migration.migration import UP, Migration
from berceau.migration.phases import phases
from berceau.migration.required import Requirement, Requirements
from berceau.postgres.core.connection import Connection
from berceau.postgres.tenants.rows import lacking
from berceau.workflows.shared.wording import counted
from berceau.workflows.tenants.rules import Rules
from berceau.workflows.tenants.states import States

SHOWN = 10
"""How many of these tenants a person reads the names of."""

_CURE = "Give these rows a value first, or write an UPDATE above that statement."


def refuse_unfit(connection: Connection, states: States, rules: Rules) -> dict[str, BerceauError]:
    """Return which of the tenants to deploy have rows that lack a value, and where it has to be.

    Raises ``TenantError`` unless it is to keep going with the others.
    """
    found: dict[str, BerceauError] = {}
    for group in states.groups:
        chosen = {each.schema: each for each in group.tenants if rules.choose(each)}
        for migration, each in _required(group.history, contracts=rules.contracts):
            why = _misfit(migration, each)
            for schema in lacking(connection, tuple(chosen), each.table, each.column):
                found.setdefault(chosen[schema].name, why)
    if found and (not rules.keep_going or rules.canary in found):
        raise _refusal(found)
    return found


def _required(history: History, *, contracts: bool) -> Iterator[tuple[Migration, Requirement]]:
    """Yield what is required of the rows as they are, as far as the migrations' text shows."""
    begun = {each.name for each in history.unfinished}
    requirements = Requirements()
    for migration in history.pending if contracts else phases(history).ready:
        if migration.name in begun:
            return  # it may have changed some of them already
        for each in requirements.of(migration.sql):
            yield migration, each
        if migration.data:
            return  # Python may give them their values


def _misfit(migration: Migration, required: Requirement) -> HistoryError:
    return HistoryError(
        f"{required.table}.{required.column} has to have a value, which rows of "
        f"{required.table} lack.",
        where=Location(file=migration.file(UP), line=required.line),
        cure=_CURE,
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
