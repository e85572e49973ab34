"""Which contracts a deploy of the shared tables and of tenants comes to, before it begins."""

from collections.abc import Iterable
from operator import attrgetter

from berceau.migration.history import History
from berceau.migration.migration import Migration
from berceau.migration.phases import phases
from berceau.workflows.deploy.phased import unseen
from berceau.workflows.tenants.states import States


def first_contract(histories: Iterable[History], stage: frozenset[str]) -> Migration | None:
    """Return the first contract of a ``stage`` that is pending in one of the ``histories``."""
    waiting = [each for found in histories for each in phases(found).waiting[:1]]
    waiting = [each for each in waiting if each.name in stage]
    return min(waiting, key=attrgetter("name"), default=None)


def refuse_unseen(states: States) -> None:
    """Raise ``MigrationError`` where a contract is pending: which processes run isn't known yet."""
    for state in (states.shared, *(each.history for each in states.groups)):
        if waiting := phases(state).waiting:
            raise unseen(waiting[0])
