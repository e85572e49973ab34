"""``invoke migrate.deploy``: apply the reviewed migrations; what production runs."""

from invoke.context import Context

from berceau.tasks.command import command
from berceau.tasks.project import load, say
from berceau.workflows import scripts
from berceau.workflows.databases import databases
from berceau.workflows.deploy import deploy as run


@command
def deploy(_: Context) -> None:
    """Apply the migrations that are pending; what production runs."""
    settings = load()
    applied = run(databases(settings).owner, scripts.read(settings.migrations), say)
    say(f"deploy: applied {', '.join(applied)}" if applied else "deploy: nothing is pending")
