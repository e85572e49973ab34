"""``invoke migrate``: from entities to reviewed SQL, proven and applied."""

from invoke.context import Context

from berceau.settings import Settings
from berceau.tasks.build import summary
from berceau.tasks.command import command
from berceau.tasks.project import load, say
from berceau.workflows.build import build
from berceau.workflows.compose import compose
from berceau.workflows.migrate import Options
from berceau.workflows.migrate import migrate as run


@command(
    default=True,
    help={
        "name": "what the migration does, in a word or two",
        "create-only": "write the migration, and don't apply it",
        "allow-data-loss": "let it drop tables and columns that hold data",
    },
)
def migrate(
    _: Context, name: str = "changes", create_only: bool = False, allow_data_loss: bool = False
) -> None:
    """Write the difference between entities and migrations as SQL, proven, and apply it."""
    settings = load()
    migrate_project(settings, Options(name, create_only, allow_data_loss))


def migrate_project(settings: Settings, options: Options) -> None:
    """Build and migrate the project that ``settings`` describe, and say what happened."""
    report = build(settings)
    if report.changed:
        say(summary(report))
    composition = compose(settings.components)
    outcome = run(settings, composition.schema, options, say, composition.owners)
    if outcome.written is None and not outcome.applied:
        say("migrate: nothing to do")
    for statement in outcome.statements:
        say(f"  {str(statement).splitlines()[0]}")
