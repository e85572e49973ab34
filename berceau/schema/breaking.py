"""Which statements of a migration break a release that still runs."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from berceau.schema.changes import (
    AddColumn,
    AlterColumn,
    AlterEnum,
    Change,
    DropColumn,
    DropEnum,
    DropTable,
    RebuildEnum,
)
from berceau.schema.names import words
from berceau.schema.release import Misfit
from berceau.schema.renaming import RenameColumn, RenameLabel, RenameTable
from berceau.schema.statement import Hazard, Statement

_OF_COLUMNS = (AddColumn, AlterColumn, DropColumn, RenameColumn)
_OF_ENUMS = (AlterEnum, RebuildEnum, DropEnum, RenameLabel)


def marked(
    rendered: Iterable[tuple[Change, Statement]], misfits: Sequence[Misfit]
) -> Iterator[Statement]:
    """Yield the statements; those that are to blame for ``misfits`` say so.

    Of several statements of a change, the last one completes it.
    """
    pairs = list(rendered)
    last = {id(change): number for number, (change, _) in enumerate(pairs)}
    for number, (change, statement) in enumerate(pairs):
        if last[id(change)] == number and any(_is_to_blame(change, statement, m) for m in misfits):
            hazards = statement.hazards | {Hazard.BREAKS_RUNNING_RELEASE}
            yield replace(statement, hazards=hazards)
        else:
            yield statement


def _is_to_blame(change: Change, statement: Statement, misfit: Misfit) -> bool:
    table, *column = misfit.place
    match change:
        case RenameTable(before):
            return table == before
        case DropTable():
            return table == change.subject
        case _ if isinstance(change, _OF_COLUMNS):
            return table == change.subject and bool(words(statement.text).intersection(column))
        case _ if isinstance(change, _OF_ENUMS):
            return change.subject in words(misfit.reason)
    return False
