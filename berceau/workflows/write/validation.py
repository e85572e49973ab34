"""Validation: a plan is run, up and down, on a copy of the schema with rows in it."""

from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from berceau.errors import MigrationError, StatementError
from berceau.migration.migration import Migration
from berceau.postgres.core.connection import Connection
from berceau.postgres.rows.fingerprints import fingerprint
from berceau.postgres.rows.references import Reference, Source, references
from berceau.postgres.rows.sample_rows import copy_rows
from berceau.postgres.rows.stillness import held_still
from berceau.postgres.rows.synthetic_rows import make_rows
from berceau.postgres.runner import runner
from berceau.postgres.runner.failure import DATA_ERRORS
from berceau.schema.changes import AddConstraint, Change
from berceau.schema.choices import Choices
from berceau.schema.diff import diff
from berceau.schema.kept import Kept
from berceau.schema.kept_parts import with_kept
from berceau.schema.model import ForeignKey, Schema
from berceau.schema.rename_changes import column_before, name_before
from berceau.schema.reprinted import reprinted
from berceau.schema.row_impact import demanding, judged, looked_up, touched, unchanged
from berceau.schema.sql import Statement
from berceau.schema.sql.text import to_text
from berceau.schema.staying import without
from berceau.workflows.compatibility.witness import Witness
from berceau.workflows.deploy.replay import Replayed, read
from berceau.workflows.write.renames import Settled

SAMPLE = 100
"""How many rows of a table that changes are copied, where any rows will do."""
JUDGED = 10_000
"""How many are copied where their values decide whether the change can be made."""

_NAME = "proof"


@dataclass(frozen=True)
class Case:
    """What is to be proven: that ``up`` leads from ``before`` to ``after``, and ``down`` back.

    ``changes`` begin with those that ``settled`` the renames of ``before``. The tables that are
    ``led`` by others belong to neither schema. What is ``kept`` is as the catalog shows it. A
    ``witness`` watches a release that runs meanwhile.
    """

    before: Schema
    settled: Settled
    after: Schema
    changes: Sequence[Change]
    up: Sequence[Statement]
    down: Sequence[Statement] | None
    led: Set[str] = frozenset()
    kept: Collection[Kept] = ()
    witness: Witness | None = None


@dataclass(frozen=True)
class Filled:
    """How many rows were ``copied`` into which tables, and what to note of the others."""

    copied: Mapping[str, int]
    notes: tuple[str, ...] = ()


class RowsChangedError(MigrationError):
    """Rows changed that the plan should keep: a trigger did it, or the plan is wrong."""


@dataclass(frozen=True)
class Proof:
    """What a case led to, and why it couldn't be undone with the rows there, if so."""

    built: Replayed
    obstacle: str = ""


def fill(
    connection: Connection,
    source: Source,
    before: Schema,
    settled: Settled,
    changes: Sequence[Change],
    choices: Choices,
) -> Filled:
    """Put rows into the scratch tables that the changes touch; no trigger or rule acts on them.

    The tables are those of ``before``; ``settled`` and ``changes`` are what is about to happen.
    The rows come from ``source`` with all that they refer to. Where it has none, a
    few are made up, unless these couldn't show whether the change can be made.
    """
    limits: dict[str, int | None] = {}
    limits |= dict.fromkeys(touched((*settled.changes, *changes), settled.schema), SAMPLE)
    limits |= dict.fromkeys(judged(changes, settled.schema, choices), JUDGED)
    # What a value is looked up in has to be there as a whole.
    tables = {table.name for table in settled.schema.tables}
    limits |= dict.fromkeys(looked_up(settled.schema, choices) & tables)
    limits = {name_before(settled.changes, name): limit for name, limit in limits.items()}
    limits = {name: limits[name] for name in sorted(limits)}
    refer = (*references(before), *_new_references(before, settled, changes))
    whole = Schema((*before.enums, *source.tables.enums), (*before.tables, *source.tables.tables))
    labels = {enum.name: enum.labels[0] for enum in whole.enums if enum.labels}
    unfit = {name for name, limit in limits.items() if limit != SAMPLE} | {
        name_before(settled.changes, name) for name in demanding(changes, settled.schema, choices)
    }
    copied: Mapping[str, int] = {}
    notes = []
    with held_still(connection):
        try:
            copied = copy_rows(connection, source, before, limits, refer)
        except StatementError as error:
            notes.append(f"validated without rows of the database: they can't be copied ({error})")
        failed = make_rows(connection, whole, limits.keys() - copied.keys() - unfit, labels)
    notes += [
        f"validated on {table} without rows: none could be generated ({reason})"
        for table, reason in failed.items()
    ]
    return Filled(copied, tuple(notes))


def _new_references(
    before: Schema, settled: Settled, changes: Sequence[Change]
) -> Iterator[Reference]:
    """Yield the new foreign keys between columns that are there already."""
    there = {(table.name, column.name) for table in before.tables for column in table.columns}
    for change in changes:
        match change:
            case AddConstraint(table, ForeignKey() as key):
                child = [column_before(settled.changes, table, name) for name in key.columns]
                parent = [
                    column_before(settled.changes, key.target, name) for name in key.target_columns
                ]
                if there.issuperset((*child, *parent)):
                    yield Reference(
                        child[0][0],
                        tuple(name for _, name in child),
                        parent[0][0],
                        tuple(name for _, name in parent),
                    )


def prove(connection: Connection, case: Case) -> Proof:
    """Run ``case``, up and down, in the scratch schema of ``connection``.

    Raises ``StatementError`` with what PostgreSQL refused, ``RowsChangedError`` where rows aren't
    what they were, and ``MigrationError`` where the schema isn't what it should be.
    """
    tables = touched(case.changes, case.settled.schema)
    kept = unchanged(case.changes, case.settled.schema, case.after)
    places = {
        name: (
            name_before(case.settled.changes, name),
            [column_before(case.settled.changes, name, column)[1] for column in columns],
        )
        for name, columns in kept.items()
        if name in tables
    }
    rows = {name: fingerprint(connection, *place) for name, place in places.items()}
    if case.witness is not None:
        case.witness.before(connection, case.before, case.after)
    _run(connection, case.up)
    built = _require(connection, case.after, case, "Applying", case.changes)
    if case.witness is not None:
        case.witness.after(connection, built.schema)
    _require_rows(rows, {n: fingerprint(connection, n, kept[n]) for n in places}, "Applying")
    if case.down is not None:
        try:
            _run(connection, case.down)
        except StatementError as error:
            if blames_rows(error):
                return Proof(built, error.message)
            raise
        _require(connection, case.before, case, "Undoing")
        back = {name: fingerprint(connection, *place) for name, place in places.items()}
        _require_rows(rows, back, "Undoing")
    return Proof(built)


def blames_rows(error: StatementError) -> bool:
    """Return whether PostgreSQL refused a statement because of what rows hold."""
    return error.sqlstate is not None and error.sqlstate[:2] in DATA_ERRORS


def _run(connection: Connection, statements: Sequence[Statement]) -> None:
    """Run ``statements`` as a deploy runs them: the text of the file, cut into groups."""
    migration = Migration(_NAME, to_text(statements))
    try:
        runner.replay(connection, (migration,))
    except StatementError as error:
        line = error.where.line if error.where else None
        place = f"\n    {migration.sql.splitlines()[line - 1].strip()}" if line else ""
        raise StatementError(
            f"PostgreSQL says: {error.reason}{place}",
            cure=error.cure,
            reason=error.reason,
            sqlstate=error.sqlstate,
        ) from error


def _require(
    connection: Connection, expected: Schema, case: Case, deed: str, changes: Sequence[Change] = ()
) -> Replayed:
    found = read(connection)
    expected = reprinted(expected, found.schema, changes)
    difference = diff(without(found.schema, case.led), with_kept(found.schema, expected, case.kept))
    if difference:
        raise _mistake(deed, f"gives another schema; the first difference: {difference[0]}")
    return found


def _require_rows(before: Mapping[str, object], after: Mapping[str, object], deed: str) -> None:
    for table, rows in before.items():
        if after[table] != rows:
            raise _mistake(deed, f"changes rows of {table} that must not change", RowsChangedError)


def _mistake(deed: str, what: str, kind: type[MigrationError] = MigrationError) -> MigrationError:
    return kind(
        f"{deed} the planned migration {what}.",
        cure="This is a mistake in Berceau: please report it with the entities attached. "
        "Nothing was written.",
    )
