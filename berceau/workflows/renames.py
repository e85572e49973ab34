"""Settle renames: those declared, those that a person confirms, and no other."""

import shlex
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from berceau.errors import RenameError, StatementError
from berceau.postgres.connection import Connection
from berceau.postgres.preview import preview
from berceau.schema.changes import Renaming
from berceau.schema.model import Schema
from berceau.schema.moves import moves
from berceau.schema.renames import Kind, Rename, parse, renamed
from berceau.schema.sql import to_statements
from berceau.schema.suggest import Question, suggest_members, suggest_wholes

Ask = Callable[[Question], str | None]
"""Answers a question with one of its candidates, or with ``None``: it was dropped."""

MOST = 5
"""Candidates to choose from: what is unlikelier still is better declared than found in a list."""


def decline(_: Question) -> str | None:
    """Answer that nothing was renamed but what was declared."""
    return None


@dataclass(frozen=True)
class Settled:
    """The ``changes`` that rename, and the schema that they make of the current one."""

    changes: tuple[Renaming, ...]
    schema: Schema


def settle(
    connection: Connection,
    current: Schema,
    desired: Schema,
    texts: Sequence[str],
    ask: Ask | None,
    mapped: Collection[tuple[str, str]] = (),
) -> Settled:
    """Return the renames among ``texts``, and those that ``ask`` confirms, carried out.

    ``connection`` leads to a scratch schema that holds ``current``; it stays as it is. Tables
    and enums are settled before what is in them. ``mapped`` labels, as (enum, label), go for
    sure. Raises ``RenameError``, also where there is a question but no ``ask``, and
    ``StatementError`` with what PostgreSQL refused.
    """
    doubts = _Doubts()
    chosen = list(parse(texts, current, desired))
    found = _carry_out(connection, current, chosen)
    given: set[tuple[str | None, str]] = set()
    for suggest in (partial(suggest_wholes, given=given), suggest_members):
        questions = (
            question
            for question in suggest(found.schema, desired)
            if question.kind is not Kind.LABEL or (question.owner, question.before) not in mapped
        )
        answers = list(_answers(questions, chosen, ask or doubts, given))
        if answers:
            chosen += answers
            found = _carry_out(connection, current, chosen)
    if doubts.questions:
        raise refusal(doubts.questions)
    return found


def _carry_out(connection: Connection, current: Schema, chosen: Sequence[Rename]) -> Settled:
    if not chosen:
        return Settled((), current)
    changes = moves(current, chosen)
    try:
        return Settled(changes, preview(connection, to_statements(changes)))
    except StatementError as error:
        error.cure = "Nothing was written. Free the name in a migration before, or choose another."
        raise


def _answers(
    questions: Iterator[Question],
    chosen: Sequence[Rename],
    ask: Ask,
    given: set[tuple[str | None, str]],
) -> Iterator[Rename]:
    """Yield what ``ask`` confirms; each new name is ``given`` once, by owner and name."""
    old_names = {new: old for old, new in renamed(chosen, Kind.TABLE, Kind.ENUM).items()}
    for question in questions:
        owner = old_names.get(question.owner or "", question.owner)
        free = tuple(each for each in question.candidates if (owner, each) not in given)
        if not free:
            continue
        answer = ask(replace(question, owner=owner, candidates=free[:MOST]))
        if answer is not None:
            given.add((owner, answer))
            yield Rename(question.kind, owner, question.before, answer)


@dataclass
class _Doubts:
    """Collects questions that nobody is there to answer, and goes on with the likeliest answer.

    So one refusal names all that is in doubt, also within what was probably renamed.
    """

    questions: list[Question] = field(default_factory=list)

    def __call__(self, question: Question) -> str | None:
        self.questions.append(question)
        return question.candidates[0]


def refusal(questions: Iterable[Question]) -> RenameError:
    """Return the error for ``questions`` that nobody answered, with the options that do."""
    lines = "".join(f"\n    {describe(question)}" for question in questions)
    return RenameError(
        f"Renamed, or dropped and added?{lines}",
        cure="Nothing was written. Run it again with each --rename that is meant, or with "
        "--allow-data-loss to drop and add.",
    )


def describe(question: Question) -> str:
    """Return a question as one line, with the options that answer it."""
    options = " or ".join(option(rename) for rename in question.options)
    return f"{question.kind} {question.path}: {options}"


def option(rename: Rename) -> str:
    """Return the option that declares ``rename``, quoted for a shell."""
    return f"--rename {shlex.quote(str(rename))}"
