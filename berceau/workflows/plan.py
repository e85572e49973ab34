"""Plan: the SQL that leads from the migrations to the entities, proven before anyone sees it."""

from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace

from berceau.errors import MigrationError, StatementError
from berceau.migration.script import Script
from berceau.postgres import catalog, runner
from berceau.postgres.connection import Connection, connect
from berceau.postgres.dependents import viewed_columns
from berceau.postgres.schemas import execute
from berceau.postgres.scratch import scratch
from berceau.postgres.url import Url
from berceau.schema.changes import Change
from berceau.schema.choices import NO_CHOICES, Choices
from berceau.schema.diff import create, diff
from berceau.schema.keep import keep
from berceau.schema.model import Schema
from berceau.schema.moves import columns_after, inverse
from berceau.schema.order import order
from berceau.schema.sql import Statement, to_statements
from berceau.schema.steps import in_steps
from berceau.workflows.fitting import AskValue, Rows, fit
from berceau.workflows.proof import Case, blames_rows, fill, prove
from berceau.workflows.renames import Ask, Settled, decline, settle


@dataclass(frozen=True)
class Plan:
    """The ordered ``changes``, the statements ``up``, and those ``down`` that undo them.

    ``down`` is ``None`` where the changes can't be undone automatically; ``irreversible`` says
    why. ``obstacle`` says why it can't be while there are rows as those at hand.
    """

    changes: tuple[Change, ...]
    up: tuple[Statement, ...]
    down: tuple[Statement, ...] | None
    irreversible: str = ""
    obstacle: str = ""


def plan(
    owner: Url,
    declared: Schema,
    scripts: Sequence[Script],
    renames: Sequence[str] = (),
    ask: Ask | None = decline,
    choices: Choices = NO_CHOICES,
    ask_value: AskValue | None = None,
) -> Plan:
    """Return the plan that leads from what ``scripts`` build to what is ``declared``.

    It begins with the ``renames``, each as ``--rename`` takes it, and those that ``ask``
    confirms; everything else is found by comparison. Without ``ask``, raises ``RenameError``
    where something may have been renamed. What rows need comes from ``choices`` and from
    ``ask_value``; without it, raises ``MigrationError`` where they need more.

    Both sides are built in scratch schemas and read from the catalog, so that like is compared
    with like. The plan is carried out there, forth and back, before it is returned: raises
    ``MigrationError`` if it doesn't give exactly what it should.
    """
    desired = as_postgres_sees(owner, declared)
    with scratch(owner) as connection:
        runner.replay(connection, scripts)
        current = catalog.read(connection)
        viewed = viewed_columns(connection) | viewed_columns(connection, owner.schema)
        settled = settle(connection, current, desired, renames, ask, choices.labels)
        desired = keep(settled.schema, desired)
        changes = diff(settled.schema, desired)
        if not (settled.changes or changes):
            return Plan((), (), ())
        viewed = columns_after(settled.changes, viewed)
        copied, choices = _with_rows(
            owner, connection, current, settled, changes, viewed, choices.over(declared), ask_value
        )
        found = _between(settled, desired, choices, viewed)
        case = Case(current, settled, desired, found.changes, found.up, found.down)
        with _refusing("Take the change in several steps, or write the migration by hand."):
            obstacle = _prove(owner, connection, case, scripts, with_rows=bool(copied))
        return replace(found, obstacle=obstacle)


def _with_rows(
    owner: Url,
    connection: Connection,
    current: Schema,
    settled: Settled,
    changes: Sequence[Change],
    viewed: Set[tuple[str, str]],
    choices: Choices,
    ask: AskValue | None,
) -> tuple[Mapping[str, int], Choices]:
    """Fill the scratch schema; return what was copied, and ``choices`` as the rows need them."""
    copied = fill(connection, owner.schema, current, settled, changes, choices)
    with connect(owner) as target:
        target.set_session(readonly=True, autocommit=True)
        rows = Rows(target, connection, settled.changes, settled.schema, viewed)
        return copied, fit(rows, changes, choices, ask)


def _prove(
    owner: Url, connection: Connection, case: Case, scripts: Sequence[Script], *, with_rows: bool
) -> str:
    """Prove ``case`` with rows, and without where rows get in the way; return why they do.

    Unless it is ``with_rows`` of the database at hand, rows that were made up may be wrong.
    """
    try:
        obstacle = prove(connection, case)
        if not obstacle:
            return ""
    except StatementError as error:
        if with_rows or not blames_rows(error):
            raise
        obstacle = ""
    with scratch(owner) as empty:
        runner.replay(empty, scripts)
        prove(empty, case)
    return obstacle


def as_postgres_sees(owner: Url, declared: Schema) -> Schema:
    """Return ``declared`` as the catalog shows it once it is made, in a scratch schema."""
    with scratch(owner) as connection, _refusing("Correct the entity that declares it."):
        execute(connection, to_statements(order(create(declared))))
        return catalog.read(connection)


def _between(
    settled: Settled, desired: Schema, choices: Choices, viewed: Set[tuple[str, str]]
) -> Plan:
    current = settled.schema
    later = order(in_steps(diff(current, desired), current, desired, choices, viewed))
    changes = (*settled.changes, *later)
    up = (*to_statements(settled.changes), *to_statements(later))
    try:
        undone = choices.undone(current)
        back = order(in_steps(diff(desired, current), desired, current, undone, viewed))
        down = (*to_statements(back), *to_statements(inverse(settled.changes)))
    except MigrationError as error:
        return Plan(changes, up, None, error.message)
    return Plan(changes, up, down)


@contextmanager
def _refusing(cure: str) -> Iterator[None]:
    """Add the ``cure`` to what PostgreSQL refuses in the body."""
    try:
        yield
    except StatementError as error:
        error.cure = f"Nothing was written. {cure}"
        raise
