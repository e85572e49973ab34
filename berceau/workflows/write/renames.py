"""Settle renames: those declared, those that a person confirms, and no other."""

import shlex
from collections.abc import Callable, Container, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field, replace

from berceau.errors import RenameError, StatementError
from berceau.postgres.core.connection import Connection
from berceau.postgres.inspect.preview import preview
from berceau.schema.expanding import require_gone
from berceau.schema.held import Hidden, hidden
from berceau.schema.labels import require_columns
from berceau.schema.links import Links
from berceau.schema.meaning import Place, Role
from berceau.schema.model import Schema
from berceau.schema.moved import Moved, with_room
from berceau.schema.old_names import shown
from berceau.schema.recorded import places
from berceau.schema.rename_changes import moves
from berceau.schema.renames import Kind, Rename, parse, renamed
from berceau.schema.renaming import Renaming
from berceau.schema.sql import to_statements
from berceau.schema.subclasses import Recoded, Subclasses
from berceau.schema.suggest import Question, suggest_members, suggest_wholes

Ask = Callable[[Question], str | None]
"""Answers a question with one of its candidates, or with ``None``: it was dropped."""

Count = Callable[[Place], str | None]
"""Counts the rows concerned by a name at a place; ``None`` where that can't be told."""

MOST = 5
"""Candidates to choose from: what is unlikelier still is better declared than found in a list."""


def decline(_: Question) -> str | None:
    """Answer that nothing was renamed but what was declared."""
    return None


@dataclass(frozen=True)
class Settled:
    """The ``changes`` that rename, and the schema that they make of the current one.

    ``recoded`` is which values in rows become others, or stand for nothing; ``hidden`` is what
    rows hold in columns that their entity has no longer. ``doubled`` are the renames that aren't
    among the changes, because a column or a label has both names meanwhile; its table or enum is
    called as it is by then.
    """

    changes: tuple[Renaming, ...]
    schema: Schema
    recoded: tuple[Recoded, ...] = ()
    hidden: tuple[Hidden, ...] = ()
    doubled: tuple[Rename, ...] = ()


def settle(
    connection: Connection,
    current: Schema,
    desired: Schema,
    texts: Sequence[str],
    ask: Ask | None,
    mapped: Container[tuple[str, str]] = (),
    count: Count = lambda _: None,
    doubles: Callable[[Rename], bool] = lambda _: False,
) -> Settled:
    """Return the renames among ``texts``, and those that ``ask`` confirms, carried out.

    But not those for which ``doubles`` says that both names are needed meanwhile.

    ``connection`` leads to a scratch schema that holds ``current``; it stays as it is. Tables
    and enums are settled before what is in them. Labels, subclasses and columns that are
    ``mapped``, by place, go for sure. ``count`` gives the rows that a question is about. Raises
    ``RenameError``, also where there is a question but no ``ask``, and ``StatementError`` with what
    PostgreSQL refused.
    """
    settling = _Settling(connection, current, desired, ask, mapped, count)
    settling.choose(parse(texts, current, desired))
    settling.wholes()
    settling.meant()
    settling.links()
    settling.require_sides()
    settling.members()
    if settling.doubts.questions:
        raise refusal(settling.doubts.questions)
    recoded = tuple(Subclasses(settling.moved, mapped).recoded())
    lost = tuple(hidden(settling.moved))
    return replace(settling.double(doubles), recoded=recoded, hidden=lost)


class _Settling:
    """The renames that were chosen so far, and what they make of the current schema."""

    def __init__(
        self,
        connection: Connection,
        current: Schema,
        desired: Schema,
        ask: Ask | None,
        mapped: Container[tuple[str, str]],
        count: Count,
    ) -> None:
        self.connection, self.current, self.desired = connection, current, desired
        self.mapped, self.count = mapped, count
        self.doubts = _Doubts()
        self.ask = ask or self.doubts
        self.chosen: list[Rename] = []
        self.freed: set[Place] = set()
        self.given: set[tuple[str | None, str]] = set()
        self.both: Set[str] = frozenset()
        self.found = Settled((), current)

    @property
    def moved(self) -> Moved:
        return Moved(self.current, self.desired, self.chosen)

    def choose(self, renames: Iterable[Rename]) -> None:
        """Add ``renames`` to those that were chosen, and carry all out."""
        renames = list(renames)
        if renames or self.freed:
            self.chosen += renames
            self.chosen = list(with_room(self.moved, self.freed))
            self.found = self._carry_out()

    def wholes(self) -> None:
        """Ask what became of tables and enums, by their likeness; of link tables, see ``meant``."""
        known = {link.table for link in Links(self.moved).before}
        questions = suggest_wholes(self.found.schema, self.desired, self.given)
        self.choose(self._answers(each for each in questions if each.before not in known))

    def links(self) -> None:
        """Ask what became of link tables of which more isn't known, by their likeness."""
        questions = suggest_wholes(self.found.schema, self.desired, self.given)
        known = {link.table for link in Links(self.moved).before}
        self.choose(self._answers(each for each in questions if each.before in known))

    def meant(self) -> None:
        """Ask where what names stand for has to go; the names themselves don't show it."""
        self._settle(self.moved.crossed(Role.TABLE))
        self._settle(Subclasses(self.moved, self.mapped).questions())
        self._settle(Links(self.moved).relations())
        for find in (Links.tables, Links.columns):
            links = Links(self.moved)
            questions, implied = links.implied(find(links))
            self.choose(implied)
            self._settle(iter(questions))
        self.freed |= Links(self.moved).lost()
        self.choose(())
        self._settle(self.moved.crossed(Role.COLUMN, Role.LABEL))

    def require_sides(self) -> None:
        """Refuse to let a one-to-one relation change its side: its column would be lost."""
        if self.ask is decline:
            return
        there = {self.moved.new_place(place) for place in places(self.current)}
        for each in self.desired.meanings:
            if each.role == Role.MIRROR and each.place in there - self.moved.there:
                table, column = each.place
                raise RenameError(
                    f"The one-to-one relation of {each.of} moves to the other side, and the column "
                    f"{table}.{column} would be dropped with its values.",
                    cure=f"Nothing was written. Keep it with column={column!r} in {each.of}, or "
                    "add --allow-data-loss.",
                )

    def members(self) -> None:
        """Ask what became of columns and labels, by their likeness."""
        questions = (
            question
            for question in suggest_members(self.found.schema, self.desired)
            if (question.parent or "", question.before) not in self.mapped
        )
        self.choose(self._answers(questions))

    def double(self, doubles: Callable[[Rename], bool]) -> Settled:
        """Return what was found, without the renames of what has both names meanwhile."""
        found = [each for each in self.chosen if doubles(each)]
        tables = {each.before for each in found if each.kind is Kind.TABLE}
        both = [each for each in found if not shown(each, tables, self.current, self.desired)]
        if not found:
            return self.found
        wholes = renamed(self.chosen, Kind.TABLE, Kind.ENUM)
        require_columns(self.current, both)
        require_gone(self.desired, both, wholes)
        self.chosen = [each for each in self.chosen if each not in both]
        self.both = tables
        doubled = (replace(each, parent=wholes.get(str(each.parent), each.parent)) for each in both)
        return replace(self._carry_out(), doubled=tuple(doubled))

    def _settle(self, questions: Iterator[Question]) -> None:
        """Ask about what stands for something: after a no it is dropped, and a new one made."""
        renames = []
        for question in questions:
            free = tuple(c for c in question.candidates if (question.parent, c) not in self.given)
            if not free:
                continue
            rows = self.count(question.place)
            note = question.note if rows is None else f"{question.note} ({rows})"
            # What is known for sure is no loss to allow.
            ask = self.doubts if question.certain and self.ask is decline else self.ask
            answer = ask(replace(question, candidates=free[:MOST], note=note))
            if answer is not None:
                self.given.add((question.parent, answer))
                renames.append(Rename(question.kind, question.parent, question.before, answer))
            elif question.kind in (Kind.TABLE, Kind.COLUMN):
                self.freed.add(question.place)
        self.choose(renames)

    def _carry_out(self) -> Settled:
        changes = moves(self.current, self.chosen, self.both)
        if not changes:
            return Settled((), self.current)
        return carry_out(self.connection, Settled((), self.current), changes)

    def _answers(self, questions: Iterator[Question]) -> Iterator[Rename]:
        """Yield what is confirmed; each new name is ``given`` once, by parent and name."""
        old_names = {new: old for old, new in renamed(self.chosen, Kind.TABLE, Kind.ENUM).items()}
        for question in questions:
            parent = old_names.get(question.parent or "", question.parent)
            free = tuple(each for each in question.candidates if (parent, each) not in self.given)
            if not free:
                continue
            answer = self.ask(replace(question, parent=parent, candidates=free[:MOST]))
            if answer is not None:
                self.given.add((parent, answer))
                yield Rename(question.kind, parent, question.before, answer)


def carry_out(connection: Connection, settled: Settled, changes: tuple[Renaming, ...]) -> Settled:
    """Return what is ``settled`` with ``changes``; the scratch schema stays as it is.

    Raises ``StatementError`` with what PostgreSQL refused.
    """
    changes = (*settled.changes, *changes)
    try:
        schema = preview(connection, to_statements(changes))
    except StatementError as error:
        raise error.with_cure(
            "Nothing was written. Free the name in an earlier migration, or choose another."
        ) from error
    return replace(settled, changes=changes, schema=schema)


@dataclass
class _Doubts:
    """Collects questions without a person to answer, and goes on with the likeliest answer.

    So one refusal names all that is in doubt, also within what was probably renamed.
    """

    questions: list[Question] = field(default_factory=list)

    def __call__(self, question: Question) -> str | None:
        self.questions.append(question)
        return question.candidates[0]


def refusal(questions: Iterable[Question]) -> RenameError:
    """Return the error for unanswered ``questions``, with the options that answer them."""
    questions = tuple(questions)
    lines = "".join(f"\n    {describe(question)}" for question in questions)
    if any(question.certain for question in questions):
        return RenameError(
            f"Names in tables and rows have another meaning now:{lines}",
            cure="Nothing was written. Run the command again with each --rename that applies, or "
            "restore the order or the names in the entities.",
        )
    return RenameError(
        f"Renamed, or dropped and added?{lines}",
        cure="Nothing was written. Run the command again with each --rename that applies, or "
        "with --allow-data-loss to drop and add.",
    )


def describe(question: Question) -> str:
    """Return a question as one line, with the options that answer it."""
    options = " or ".join(option(rename) for rename in question.options)
    return f"{question.note or f'{question.kind} {question.path}'}: {options}"


def option(rename: Rename) -> str:
    """Return the option that declares ``rename``, quoted for a shell."""
    return f"--rename {shlex.quote(str(rename))}"
