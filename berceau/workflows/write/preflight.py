"""Preflight: what rows need before a change, from the options or a person; or a refusal."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from berceau.errors import MigrationError
from berceau.migration.splitter import split
from berceau.postgres.rows.conflicts import key
from berceau.schema.changes import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterEnum,
    Change,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropTable,
)
from berceau.schema.choices import Choices, Place
from berceau.schema.conversions import retypes
from berceau.schema.model import ForeignKey, PrimaryKey, Unique
from berceau.schema.names import quote_name, unquote_name
from berceau.schema.numbering import numbers_of
from berceau.schema.renaming import StartTransfer
from berceau.workflows.shared.wording import counted
from berceau.workflows.write.gaps import AskValue, gaps
from berceau.workflows.write.retyped import broken, converted, in_kept_keys, left_empty
from berceau.workflows.write.target import Rows
from berceau.workflows.write.uses import in_use


def fit(rows: Rows, changes: Iterable[Change], choices: Choices, ask: AskValue | None) -> Choices:
    """Return ``choices`` with what ``ask`` adds, so that ``rows`` fit ``changes``.

    Raises ``MigrationError`` with all that doesn't fit, and the options that settle it.
    """
    changes = tuple(changes)
    _refuse_strangers(changes, choices)
    refusals, options = [], []
    answers: dict[tuple[str, Place], str | None] = {}
    for gap in gaps(rows, changes, choices):
        key = gap.kind, gap.place  # one value of an enum may be missing in several columns
        if key not in answers:
            answers[key] = ask(gap) if ask else None
            options += [] if answers[key] else [gap.option]
        if answer := answers[key]:
            choices = choices.with_one(gap.kind, gap.place, answer)
        else:
            refusals.append(gap.need)
    refusals += left_empty(rows, changes, choices)
    values = converted(rows, changes, choices)
    refusals += misfits(rows, changes, values)
    refusals += in_kept_keys(rows, changes, values)
    refusals += in_use(rows.users, rows.current, changes)
    refusals += _taken_sequences(rows, changes)
    if refusals:
        raise MigrationError("; ".join(refusals) + ".", cure=_cure(options))
    for option, given in (("--backfill", choices.backfills), ("--using", choices.usings)):
        for (table, column), sql in given.items():
            _require_expression(f"{option} {table}.{column}", sql)
    return choices


def _require_expression(option: str, sql: str) -> None:
    """Raise ``MigrationError`` unless ``sql`` can stand within a statement, as it is."""
    try:
        single = [statement.text for statement in split(sql)] == [sql]
    except MigrationError:
        single = False
    if not single:
        raise MigrationError(
            f"{option} isn't a single expression: {sql}",
            cure="Nothing was written. Give one value as SQL, without a semicolon or a comment "
            "at its end. Write other statements into a separate migration.",
        )


def _cure(options: Sequence[str]) -> str:
    cure = "Nothing was written. "
    if not options:
        return cure + "Correct these rows or objects first, or change the entities."
    cure += f"Give their values: {' '.join(options)}"
    given = {option.partition(" ")[0] for option in options}
    if "--backfill" in given:
        return cure + " (SQL, over the row's other columns), or give the attribute a default."
    if "--using" in given:
        cure += " (SQL, over the row's columns; a key and what refers to it need the same)"
    if "--map-value" in given:
        cure += "; or give a column's new values as SQL: --using TABLE.COLUMN=SQL"
    return cure + "."


def misfits(
    rows: Rows, changes: Sequence[Change], values: Mapping[Place, str] = MappingProxyType({})
) -> Iterator[str]:
    """Yield what keys and references of ``changes`` don't allow in ``rows``.

    Columns that are about to change get ``values``, as SQL.
    """
    new = {change.table.name for change in changes if isinstance(change, CreateTable)}
    for change in changes:
        if change.table_name in new:
            continue
        match change:
            case AddConstraint(table, Unique() | PrimaryKey() as new_key):
                yield from broken(rows, table, key(new_key.name, new_key.columns), values)
            case CreateIndex(table, index) if index.unique and index.where is None:
                columns = tuple(map(unquote_name, index.keys))
                yield from broken(rows, table, key(index.name, columns), values)
            case AddConstraint(table, ForeignKey() as reference):
                count, shown = rows.orphans(table, reference)
                if count:
                    yield (
                        f"{', '.join(reference.columns)} of {counted(count, 'row')} of {table} "
                        f"refer{'s' if count == 1 else ''} to no row of {reference.target}: {shown}"
                    )


def _taken_sequences(rows: Rows, changes: Sequence[Change]) -> Iterator[str]:
    """Yield the sequences that become a part of their column, but number something else, too."""
    for change in changes:
        if isinstance(change, AlterColumn) and change.after.identity:
            yield from _taken_sequence(rows, change, changes)


def _taken_sequence(rows: Rows, change: AlterColumn, changes: Sequence[Change]) -> Iterator[str]:
    sequence = numbers_of(change.before)
    if sequence is None:
        return
    places = {(change.table, change.before.name)}
    for other in changes:
        match other:
            case DropColumn(table, column):
                places.add((table, column.name))
            case DropTable(table):
                places |= {(table.name, column.name) for column in table.columns}
    users = rows.users_of_sequence(sequence, places)
    if users:
        yield (
            f"The sequence {sequence} becomes a part of {change.table}.{change.after.name}, but "
            f"{', '.join(users)} uses it, too: give that a separate sequence first"
        )


def _refuse_strangers(changes: Sequence[Change], choices: Choices) -> None:
    """Raise ``MigrationError`` for a choice that no change asks for: it may be mistyped."""
    filled: set[Place] = set()
    retyped: dict[Place, str] = {}
    labels: set[Place] = set()
    for change in changes:
        match change:
            case AddColumn(table, column) | AlterColumn(table, _, column):
                filled.add((table, column.name))
                if retypes(change):
                    retyped[table, column.name] = column.type.removesuffix("[]")
            case DropColumn(table, column) if column.not_null:
                filled.add((table, column.name))  # on the way back
            case StartTransfer(transfer=transfer):
                filled |= {(transfer.target, name) for name, _ in transfer.given}
            case AlterEnum(before, after):
                labels |= {(after.name, label) for label in set(before.labels) - {*after.labels}}
    strange = [*choices.backfills.keys() - filled, *choices.usings.keys() - retyped.keys()]
    strange += [
        (name, value)
        for name, value in choices.labels.keys() - labels
        if quote_name(name) not in retyped.values()
    ]
    if strange:
        raise MigrationError(
            f"No change needs a value for {'.'.join(strange[0])}.",
            cure="Nothing was written. Correct the name, or leave the option out: --backfill "
            "is for a column that is new or becomes required, --using for one that gets another "
            "type, --map-value for a value that an enum loses or lacks.",
        )
