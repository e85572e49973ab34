"""What of one history waits for the other one, and why, in words."""

from collections.abc import Collection, Iterable, Iterator

from berceau.migration.history import History
from berceau.tenancy import Scope
from berceau.workflows.deploy.phased import behind
from berceau.workflows.tenants.contracts import first_contract
from berceau.workflows.tenants.histories import Histories
from berceau.workflows.tenants.rules import Rules
from berceau.workflows.tenants.states import States

_WHOSE: dict[Scope, str] = {"shared": "of the shared tables", "tenant": "of the tenants"}
_NEEDED = "it may take away what these still need"
_WHY: dict[Scope, str] = {"shared": _NEEDED, "tenant": "it may need what that one makes"}


def all_behind(first: str, names: Iterable[str], scope: Scope, found: Histories) -> Iterator[str]:
    """Yield why the migrations ``names`` of one ``scope`` wait, a line each: the ``first`` does."""
    other = found.scope_of(first)
    if other == scope:
        yield from behind(first, sorted(names))
        return
    for name in sorted(names):
        yield (
            f"{name}, {_WHOSE[scope]}, waits, because it stands behind {first}, {_WHOSE[other]}: "
            f"{_WHY[scope]}"
        )


def for_tenants(name: str, who: str) -> str:
    """Return why the migration ``name`` of the shared tables waits for the tenants ``who``."""
    return f"{name}, {_WHOSE['shared']}, waits for {who}: {_NEEDED}"


def coming(
    found: Histories, states: States, rules: Rules, failed: Collection[str]
) -> Iterator[tuple[Scope, frozenset[str], tuple[History, ...]]]:
    """Yield the stages of a deploy, with the histories that get them, as far as tenants let it.

    What is shared waits for those that ``rules`` leave out, and for those that ``failed``, by name.
    """
    left_out = bool(failed)
    for scope, names in found.stages(states.open):
        if scope == "shared":
            if left_out:
                return
            yield scope, names, (states.shared,)
            continue
        all_ = states.with_any(names)
        chosen = [each for each in all_ if rules.choose(each) and each.name not in failed]
        left_out |= len(chosen) < len(all_)
        yield scope, names, states.histories(chosen)


def between(found: Histories, states: States) -> Iterator[str]:
    """Yield what of either history can't be applied for the sake of the other, a line each.

    What stands before it there waits for old processes, or was begun and isn't finished.
    """
    first: str | None = None
    for scope, names in found.stages(states.open):
        if first is not None:
            if found.scope_of(first) != scope:
                yield from all_behind(first, names, scope, found)
            continue
        histories = (
            [states.shared] if scope == "shared" else [each.history for each in states.groups]
        )
        first = min(_held_up(histories, names), default=None)


def _held_up(histories: Iterable[History], stage: frozenset[str]) -> Iterator[str]:
    histories = tuple(histories)
    contract = first_contract(histories, stage)
    if contract is not None:
        yield contract.name
    for found in histories:
        yield from (each.name for each in found.unfinished if each.name in stage)
