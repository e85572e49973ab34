"""Propose: the SQL that ``migrate`` would write, and what it would ask; nothing is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from berceau.errors import MigrationError
from berceau.schema.model import Schema
from berceau.schema.suggest import Question
from berceau.settings import Settings
from berceau.workflows.deploy import migration_directory
from berceau.workflows.write.migrate import Options, plan
from berceau.workflows.write.plan import Plan
from berceau.workflows.write.renames import refusal


@dataclass(frozen=True)
class Proposal:
    """A proven ``plan`` in which nothing is renamed but what was declared, and the questions left.

    The plan drops and adds what the ``questions`` are about.
    """

    plan: Plan
    questions: tuple[Question, ...]


def propose(
    settings: Settings,
    declared: Schema,
    options: Options,
    component_by_name: Mapping[str, str] = MappingProxyType({}),
) -> Proposal:
    """Return what separates the migrations on disk from the ``declared`` schema.

    ``component_by_name`` gives the component of what is declared.
    Raises ``MigrationError`` where it can't be migrated; rows of the database aren't asked.
    """
    questions: list[Question] = []
    migrations = migration_directory.read(settings.migrations)
    decisions = options.decisions(questions.append)
    try:
        found = plan(settings, declared, component_by_name, migrations, options, decisions)
    except MigrationError as error:
        if questions:  # to drop and add is impossible, so the answers come first
            raise refusal(questions) from error
        raise
    return Proposal(found, tuple(questions))
