"""The commands that settle history: ``migrate.rebase`` and its kin."""

from invoke.context import Context

from berceau.tasks.command import command
from berceau.tasks.project import load, say
from berceau.workflows.databases import databases
from berceau.workflows.rebase import rebase as run_rebase


@command(positional=["name"], help={"name": "a migration of the branch to move"})
def rebase(_: Context, name: str = "") -> None:
    """Where two branches both added migrations, move those of one behind the other's."""
    settings = load()
    moves = run_rebase(databases(settings).owner, settings.migrations, name or None, say)
    for before, after in moves:
        renamed = f", now {after.name}" if after.name != before.name else ""
        say(f"moved {before.name}{renamed} behind {after.header.parent}")
    say("rebase: commit migrations/" if moves else "rebase: nothing to do")
