"""``invoke migrate`` and its kin: from entities to SQL, and from SQL to the database."""

from invoke.collection import Collection
from invoke.context import Context

from berceau.settings import Settings
from berceau.tasks.build import summary
from berceau.tasks.command import command
from berceau.tasks.project import load, print_json, say
from berceau.workflows import scripts
from berceau.workflows.build import build
from berceau.workflows.compose import compose
from berceau.workflows.databases import databases
from berceau.workflows.deploy import deploy as run_deploy
from berceau.workflows.migrate import Options
from berceau.workflows.migrate import migrate as run_migrate
from berceau.workflows.status import Status
from berceau.workflows.status import status as read_status


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
    declared = compose(settings.components).schema
    outcome = run_migrate(settings, declared, options, say)
    if outcome.written is None and not outcome.applied:
        say("migrate: nothing to do")
    for statement in outcome.statements:
        say(f"  {str(statement).splitlines()[0]}")


@command
def deploy(_: Context) -> None:
    """Apply the migrations that are pending; what production runs."""
    settings = load()
    applied = run_deploy(databases(settings).owner, scripts.read(settings.migrations), say)
    say(f"deploy: applied {', '.join(applied)}" if applied else "deploy: nothing is pending")


@command(help={"json": "print one JSON document"})
def status(_: Context, json: bool = False) -> None:
    """Show what is applied, pending, changed on disk, missing, and declared by nobody."""
    settings = load()
    declared = compose(settings.components).schema
    found = read_status(databases(settings).owner, declared, scripts.read(settings.migrations))
    if json:
        print_json(_as_data(found))
        return
    for line in _lines(found):
        say(line)


def _as_data(found: Status) -> dict[str, object]:
    history = found.history
    return {
        "applied": [{"name": each.name, "applied_at": each.applied_at} for each in history.applied],
        "pending": [script.name for script in history.pending],
        "edited": [each.name for each in history.edited],
        "missing": [each.name for each in history.missing],
        "undeclared": list(found.undeclared),
    }


def _lines(found: Status) -> list[str]:
    history = found.history
    edited = {each.name for each in history.edited}
    missing = {each.name for each in history.missing}
    lines = []
    for each in history.applied:
        note = "  CHANGED ON DISK since" if each.name in edited else ""
        note = "  MISSING on disk" if each.name in missing else note
        lines.append(f"applied  {each.name}  {each.applied_at:%Y-%m-%d %H:%M:%S %Z}{note}")
    lines += [f"pending  {script.name}" for script in history.pending]
    lines += [f"declared by no component: {name}" for name in found.undeclared]
    return lines or ["no migrations yet: `invoke migrate --name init` writes the first"]


namespace = Collection("migrate", migrate, deploy, status)
