"""A witness: it sees in a scratch copy what a migration does to a release that still runs."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from berceau.postgres.core.connection import Connection
from berceau.postgres.rows.release_run import Failure, run_release
from berceau.schema.meaning import Place
from berceau.schema.model import EMPTY, Schema
from berceau.schema.old_names import as_called
from berceau.schema.release import Misfit, fits
from berceau.schema.release_names import ReleaseNames
from berceau.schema.release_statements import rows_of
from berceau.schema.subset import between
from berceau.schema.surprises import surprises, unknown_kinds

_NOT_NULL = "23502"
_OF_VALUES = ("23", "P0")
"""Classes of SQLSTATE that blame the values which were tried: a constraint, or a trigger."""

_DATA = "22"
"""The class of SQLSTATE of values that a cast or a function doesn't take."""


@dataclass(frozen=True)
class Verdict:
    """Why a release can't run on a schema, and what its entities don't provide for there."""

    misfits: tuple[Misfit, ...] = ()
    surprises: tuple[Misfit, ...] = ()


UNSEEN = Verdict()


@dataclass
class Witness:
    """Runs what a ``release`` does before a migration and after it: the difference is its doing.

    ``newer`` is what the entities declare by then, for the names of what the release doesn't know.
    What a schema doesn't show, as triggers and rules, may change ``anywhere``: then all tables of
    the release are looked at, and else those that change.
    """

    release: Schema
    newer: Schema
    anywhere: bool = False
    verdict: Verdict = UNSEEN
    _schema: Schema = EMPTY
    _after: Schema = EMPTY
    _whole: Schema = EMPTY
    _failures: frozenset[Failure] = field(default=frozenset())

    def before(self, connection: Connection, schema: Schema, after: Schema) -> None:
        """See what works on the ``schema`` of ``connection``, which is about to be as ``after``."""
        self._schema = self._after = schema
        self._whole = self.release
        if not self.anywhere:
            part = between(schema, after).of(self.release)
            self.release = replace(part, meanings=self.release.meanings)
        self._failures = frozenset(self._run(connection))

    def after(self, connection: Connection, schema: Schema) -> None:
        """See what doesn't work any more; ``schema`` is what the migration made."""
        self._after = schema
        named = replace(schema, meanings=self.newer.meanings)
        known = fits(self.release, self._schema)
        told = [each for each in fits(self.release, named) if each not in known]
        new = [each for each in self._run(connection) if each not in self._failures]
        new = [_as_called(each, schema) for each in new]
        values = [each for each in new if _is_of_values(each) or _is_converted(each, schema)]
        hard = [each for each in new if each not in values]
        known = surprises(self.release, self._schema)
        soft = [each for each in surprises(self.release, named) if each not in known]
        soft += [*unknown_kinds(self._whole, named), *self._misfits(values)]
        self.verdict = Verdict(tuple(self._merged(told, hard)), tuple(dict.fromkeys(soft)))

    def _run(self, connection: Connection) -> tuple[Failure, ...]:
        return run_release(connection, rows_of(self.release))

    def _merged(self, told: Sequence[Misfit], failures: Iterable[Failure]) -> Iterator[Misfit]:
        """Yield what was ``told`` without running it, in PostgreSQL's words, too, and the rest.

        Of a statement for a whole row, PostgreSQL doesn't always tell the column.
        """
        seen = list(self._misfits(failures))
        for each in told:
            said = [one for one in seen if _is_within(one, each)]
            statements = chain(each.statements, *(one.statements for one in said))
            rows = (one for one in seen if _explains(each, one))
            message = next((one.message for one in chain(said, rows)), "")
            yield replace(each, statements=tuple(dict.fromkeys(statements)), message=message)
        for one in seen:
            if not any(_is_within(one, each) or _explains(each, one) for each in told):
                yield one

    def _misfits(self, failures: Iterable[Failure]) -> Iterator[Misfit]:
        """Yield what ``failures`` are about, as entities call it: one for each table or column."""
        release = as_called(self.release, self._after)
        names, newer = ReleaseNames(release), ReleaseNames(self.newer)
        found: dict[Place, Misfit] = {}
        for each in failures:
            _, attribute = names.table(each.table)
            place: Place = (each.table,)
            if each.column is not None:
                place = each.table, each.column
                known = names if names.knows(*place) else newer
                attribute = attribute or known.attribute(*place)[1]
            new = Misfit(each.entity, attribute, place, (), "", each.message)
            misfit = found.get(place, new)
            statements = dict.fromkeys((*misfit.statements, each.statement))
            found[place] = replace(misfit, statements=tuple(statements))
        yield from found.values()


def _as_called(failure: Failure, schema: Schema) -> Failure:
    """Return ``failure`` with table and column as ``schema`` calls them, where that differs."""
    for table in schema.tables:
        for old in table.old_names:
            if old.name == failure.table:
                column = dict(old.columns).get(failure.column or "", failure.column)
                return replace(failure, table=table.name, column=column)
    return failure


def _is_within(one: Misfit, other: Misfit) -> bool:
    """Return whether ``one`` is about the table or column of the ``other``, or a column in it."""
    return one.place[: len(other.place)] == other.place


def _explains(told: Misfit, one: Misfit) -> bool:
    """Return whether ``one``, about a whole row, may have failed because of what was ``told``."""
    return told.place[:1] == one.place and set(one.statements) <= set(told.statements)


def _is_of_values(failure: Failure) -> bool:
    state = failure.sqlstate or ""
    return state.startswith(_OF_VALUES) and state != _NOT_NULL


def _is_converted(failure: Failure, schema: Schema) -> bool:
    """Return whether a trigger couldn't convert the value that was tried for another release.

    Or wrote another label in its place, by which the release doesn't find the row again: that
    matters where it writes to a row twice in one unit of work.
    """
    triggers = {table.name: table.sync_trigger for table in schema.tables}
    trigger = triggers.get(failure.table)
    if trigger is None:
        return False
    if failure.sqlstate is None and any(each.column == failure.column for each in trigger.maps):
        return True
    if not (failure.sqlstate or "").startswith(_DATA):
        return False
    return failure.column is None or failure.column in trigger.synced
