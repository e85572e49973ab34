"""``invoke migrate``: from entities to reviewed SQL, proven and applied."""

from collections.abc import Sequence
from textwrap import indent
from typing import TYPE_CHECKING

from invoke.context import Context

from berceau.settings import Settings
from berceau.tasks.build import summary, tell
from berceau.tasks.command import command
from berceau.tasks.migrate.scope import HELP, known_scope
from berceau.tasks.project import load, say
from berceau.tasks.questions import questioner, value_questioner

if TYPE_CHECKING:
    from berceau.workflows.write.gaps import AskValue
    from berceau.workflows.write.migrate import Options
    from berceau.workflows.write.renames import Ask

Texts = Sequence[str] | None
"""The values of an option that can be repeated; invoke hands them over as a list."""

CHOICES = ("backfill", "drop_component", "map_value", "move", "rename", "using")
CHOICES_HELP = {
    "backfill": "TABLE.COLUMN=SQL: the value of rows without one in a required column; repeatable",
    "drop-component": "NAME: drop what a component that isn't there has left; repeatable",
    "map-value": "ENUM.OLD=NEW: the new value, for one that an enum loses or lacks; repeatable",
    "move": "TABLE.COLUMN=TABLE.COLUMN: the column of a new entity that has its values; repeatable",
    "rename": "TABLE=NEW, TABLE.COLUMN=NEW, ENUM=NEW or ENUM.VALUE=NEW; repeatable",
    "using": "TABLE.COLUMN=SQL: the values of a column's new type; repeatable",
}
RUNNING_HELP = {
    "against": "REF: the git revision whose code runs meanwhile, if not the shared branch's",
    "allow-downtime": "do all in one step: no code runs meanwhile",
    "contract": "end what earlier migrations keep for code that ran before: all, or what "
    "PATTERNS, such as post.title,tag or 'post.*', match",
    "expand": "keep what the code of before needs, where git doesn't know what runs",
}


@command(
    default=True,
    iterable=CHOICES,
    optional=("contract",),
    help=CHOICES_HELP
    | RUNNING_HELP
    | HELP
    | {
        "allow-data-loss": "allow it to drop tables and columns that hold data",
        "create-only": "write the migration, and don't apply it",
        "name": "what the migration does, in a word or two",
        "no-input": "ask no questions, as without a terminal",
    },
)
def migrate(
    _: Context,
    against: str | None = None,
    allow_data_loss: bool = False,
    allow_downtime: bool = False,
    backfill: Texts = None,
    contract: str | bool | None = None,
    create_only: bool = False,
    drop_component: Texts = None,
    expand: bool = False,
    map_value: Texts = None,
    move: Texts = None,
    name: str = "changes",
    no_input: bool = False,
    rename: Texts = None,
    scope: str | None = None,
    using: Texts = None,
) -> None:
    """Write the difference between entities and migrations as SQL, validate it, and apply it."""
    from berceau.workflows.write.migrate import Options

    settings = load()
    options = Options(
        name,
        create_only,
        allow_data_loss,
        renames=rename or (),
        backfills=backfill or (),
        labels=map_value or (),
        moves=move or (),
        usings=using or (),
        dropped_components=drop_component or (),
        allow_downtime=allow_downtime,
        against=against,
        contract=bool(contract),
        contracted=patterns(contract),
        expand=expand,
        scope=known_scope(settings, scope),
    )
    ask = (None, None) if no_input else (questioner(), value_questioner())
    migrate_project(settings, options, *ask)


def patterns(contract: str | bool | None) -> tuple[str, ...]:
    """Return what ``--contract`` names, if anything."""
    names = contract.split(",") if isinstance(contract, str) else ()
    return tuple(name.strip() for name in names)


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
    if settings.tenants:
        from berceau.workflows.tenants.migrating import migrate_all

        outcome = migrate_all(settings, found, options, say, (ask, ask_value))
    else:
        outcome = run(settings, found.schema, options, say, ask, found.component_by_name, ask_value)
    if outcome.written is None and not outcome.applied:
        say("migrate: nothing to do")
    for statement in outcome.statements:
        say(indent(commented(statement), "  "))
