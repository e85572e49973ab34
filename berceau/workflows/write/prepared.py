"""Prepared: what ``migrate`` would write with some answers, and all that it asks."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from berceau.errors import MigrationError
from berceau.schema.model import Schema
from berceau.schema.sql import Hazard
from berceau.schema.suggest import Question
from berceau.settings import Settings
from berceau.workflows.deploy import migration_directory
from berceau.workflows.write.gaps import AskValue, Gap
from berceau.workflows.write.migrate import Options, Outcome, migrate, plan
from berceau.workflows.write.plan import Plan
from berceau.workflows.write.renames import Ask, option, refusal

Answers = Mapping[str, str]
"""By the ``key`` of a question or a gap; an empty text says that something was dropped."""


@dataclass(frozen=True)
class Prepared:
    """The ``plan``, or why there is none, with the ``questions`` and the ``gaps`` that came up.

    What isn't answered yet counts as dropped.
    """

    plan: Plan | None
    refused: MigrationError | None = None
    questions: tuple[Question, ...] = ()
    gaps: tuple[Gap, ...] = ()

    @property
    def asks(self) -> bool:
        """Whether anything came up."""
        return bool(self.questions or self.gaps)

    @property
    def loses_data(self) -> bool:
        """Whether a statement loses data, which has to be allowed."""
        return self.plan is not None and any(
            Hazard.DATA_LOSS in each.hazards for each in self.plan.up
        )

    @property
    def differs(self) -> bool:
        """Whether there is anything to write, or to settle first."""
        return self.plan is None or self.plan.writes or self.asks


@dataclass
class _Person:
    """Answers from what is given, and notes what was asked."""

    answers: Answers
    must_answer: bool = False
    questions: dict[str, Question] = field(default_factory=dict)
    gaps: dict[str, Gap] = field(default_factory=dict)

    def ask(self, question: Question) -> str | None:
        self.questions[key_of(question)] = question
        answer = self.answers.get(key_of(question))
        if answer is None and self.must_answer:
            raise refusal([question])
        return answer if answer in question.candidates else None

    def ask_value(self, gap: Gap) -> str | None:
        self.gaps[key_of(gap)] = gap
        return self.answers.get(key_of(gap), "").strip() or None


def key_of(asked: Question | Gap) -> str:
    """Return what tells ``asked`` from all others of a plan."""
    if isinstance(asked, Question):
        return f"rename {asked.kind} {asked.path}"
    return f"{asked.kind} {'.'.join(asked.place)}"


def command(options: Options, prepared: Prepared, answers: Answers) -> str:
    """Return the command that does the same in a terminal, as far as answers are there."""
    parts = ["invoke migrate"]
    if options.scope:
        parts.append(f"--scope {options.scope}")
    if options.name != Options().name:
        parts.append(f"--name {shlex.quote(options.name)}")
    for question in prepared.questions:
        chosen = answers.get(key_of(question))
        parts += [option(each) for each in question.options if each.after == chosen]
    for gap in prepared.gaps:
        given = answers.get(key_of(gap), "").strip()
        if given:
            flag, text = shlex.split(gap.option)  # such as --backfill post.title=SQL
            place = text.rpartition("=")[0]
            parts.append(f"{flag} {shlex.quote(f'{place}={given}')}")
    parts += ["--allow-data-loss"] * options.allow_data_loss
    parts += ["--allow-downtime"] * options.allow_downtime
    parts += ["--create-only"] * options.create_only
    return " ".join(parts)


def prepare(
    settings: Settings,
    declared: Schema,
    component_by_name: Mapping[str, str],
    options: Options,
    answers: Answers,
) -> Prepared:
    """Return what ``migrate`` would write, and what it asks; nothing is written.

    ``component_by_name`` gives the component of what is ``declared``. Raises ``MigrationError``
    where the migrations on disk can't be read.
    """
    person = _Person(answers)
    migrations = migration_directory.read(settings.migrations)
    decisions = options.decisions(person.ask, person.ask_value)
    refused: MigrationError | None = None
    found: Plan | None = None
    try:
        found = plan(settings, declared, component_by_name, migrations, options, decisions)
    except MigrationError as error:
        refused = error
    asked = (tuple(person.questions.values()), tuple(person.gaps.values()))
    return Prepared(found, refused, *asked)


def write(
    settings: Settings,
    declared: Schema,
    component_by_name: Mapping[str, str],
    options: Options,
    answers: Answers,
) -> Outcome:
    """Write the migration and apply it, as ``migrate`` does; raises as that does.

    A question without an answer is refused: in between, something else may have changed.
    """
    ask, ask_value = asking(answers)
    return migrate(
        settings,
        declared,
        options,
        ask=ask,
        component_by_name=component_by_name,
        ask_value=ask_value,
    )


def asking(answers: Answers) -> tuple[Ask, AskValue]:
    """Return what asks for a choice and for a value, and finds all of them in ``answers``."""
    person = _Person(answers, must_answer=True)
    return person.ask, person.ask_value
