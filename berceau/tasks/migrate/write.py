"""``invoke migrate``: from entities to reviewed SQL, proven and applied."""

from collections.abc import Sequence
from textwrap import indent
from typing import TYPE_CHECKING

from invoke.context import Context

from berceau.settings import Settings
from berceau.tasks.build import summary, tell
from berceau.tasks.command import command
from berceau.tasks.project import load, say
from berceau.tasks.questions import questioner, value_questioner

if TYPE_CHECKING:
    from berceau.workflows.write.gaps import AskValue
    from berceau.workflows.write.migrate import Options
    from berceau.workflows.write.renames import Ask

Texts = Sequence[str] | None
"""The values of an option that can be repeated; invoke hands them over as a list."""

CHOICES = ("backfill", "drop_component", "map_value", "rename", "using")
CHOICES_HELP = {
    "backfill": "TABLE.COLUMN=SQL: the value of rows without one in a required column; repeatable",
    "drop-component": "NAME: drop what a component that isn't there has left; repeatable",
    "map-value": "ENUM.OLD=NEW: the new value, for one that an enum loses or lacks; repeatable",
    "rename": "TABLE=NEW, TABLE.COLUMN=NEW, ENUM=NEW or ENUM.VALUE=NEW; repeatable",
    "using": "TABLE.COLUMN=SQL: the values of a column's new type; repeatable",
}


@command(
    default=True,
    iterable=CHOICES,
    help=CHOICES_HELP
    | {
        "allow-data-loss": "allow it to drop tables and columns that hold data",
        "create-only": "write the migration, and don't apply it",
        "name": "what the migration does, in a word or two",
        "no-input": "ask no questions, as without a terminal",
    },
)
def migrate(
    _: Context,
    allow_data_loss: bool = False,
    backfill: Texts = None,
    create_only: bool = False,
    drop_component: Texts = None,
    map_value: Texts = None,
    name: str = "changes",
    no_input: bool = False,
    rename: Texts = None,
    using: Texts = None,
) -> None:
    """Write the difference between entities and migrations as SQL, validate it, and apply it."""
    from berceau.workflows.write.migrate import Options

    options = Options(
        name,
        create_only,
        allow_data_loss,
        renames=rename or (),
        backfills=backfill or (),
        labels=map_value or (),
        usings=using or (),
        dropped_components=drop_component or (),
    )
    ask = (None, None) if no_input else (questioner(), value_questioner())
    migrate_project(load(), options, *ask)


def migrate_project(
    settings: Settings,
    options: "Options",
    ask: "Ask | None",
    ask_value: "AskValue | None" = None,
) -> None:
    """Build and migrate the project that ``settings`` describe, and print what happened.

    ``ask`` settles what may have been renamed, ``ask_value`` what rows get that need a value;
    without them, such a change is refused.
    """
    from berceau.schema.sql.text import commented
    from berceau.workflows.build.build import build
    from berceau.workflows.build.declared import declared
    from berceau.workflows.write.migrate import migrate as run

    report, sources = build(settings)
    if report.changed:
        say(summary(report))
    tell(report.findings)
    found = declared(settings, sources)
    outcome = run(settings, found.schema, options, say, ask, found.component_by_name, ask_value)
    if outcome.written is None and not outcome.applied:
        say("migrate: nothing to do")
    for statement in outcome.statements:
        say(indent(commented(statement), "  "))
