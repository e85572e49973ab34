"""``invoke migrate.deploy``, ``down`` and ``resolve``: the database's way along the migrations."""

from invoke.context import Context

from berceau.errors import MigrationError
from berceau.tasks.command import command
from berceau.tasks.project import load, say


@command
def deploy(_: Context) -> None:
    """Apply the pending migrations, or resume a failed one; for production, too."""
    from berceau.workflows.deploy import migration_directory
    from berceau.workflows.deploy.deploy import deploy as run
    from berceau.workflows.shared.databases import resolve_databases

    settings = load()
    applied = run(
        resolve_databases(settings).migration_url,
        migration_directory.read(settings.migrations),
        say,
    )
    say(f"deploy: applied {', '.join(applied)}" if applied else "deploy: nothing is pending")


@command(
    help={
        "allow-data-loss": "allow it to drop tables and columns that hold data",
        "to": "undo all migrations after this one; `zero` undoes all",
    }
)
def down(_: Context, to: str | None = None, allow_data_loss: bool = False) -> None:
    """Undo the last migration, or all down to another one, by their down.sql."""
    from berceau.workflows.deploy import migration_directory
    from berceau.workflows.deploy.down import down as run
    from berceau.workflows.shared.databases import resolve_databases

    settings = load()
    undone = run(
        resolve_databases(settings).migration_url,
        migration_directory.read(settings.migrations),
        to,
        allow_data_loss=allow_data_loss,
        report=say,
    )
    say(f"down: undid {', '.join(undone)}" if undone else "down: nothing is applied")


@command(
    help={
        "applied": "its changes are in the database",
        "done": "the number of its statements that took effect",
        "name": "the migration that failed",
        "rolled-back": "none of its changes are in the database",
    }
)
def resolve(
    _: Context, name: str, applied: bool = False, rolled_back: bool = False, done: int = -1
) -> None:
    """Settle a failed migration, after you have checked its effect in the database."""
    from berceau.workflows.deploy import migration_directory
    from berceau.workflows.deploy import resolve as resolving
    from berceau.workflows.shared.databases import resolve_databases

    if applied + rolled_back + (done >= 0) != 1:
        raise MigrationError(
            "The command needs to know whether the migration took effect.",
            cure=f"Add one of --applied, --rolled-back, --done NUMBER to `invoke migrate.resolve "
            f"{name}`.",
        )
    settings = load()
    migration_url, found = (
        resolve_databases(settings).migration_url,
        migration_directory.read(settings.migrations),
    )
    if applied:
        resolving.mark_applied(migration_url, found, name, say)
        say(f"resolve: {name} is applied")
    elif rolled_back:
        resolving.mark_rolled_back(migration_url, name, say)
        say(f"resolve: {name} is not applied; `invoke migrate.deploy` applies it")
    else:
        resolving.mark_done(migration_url, found, name, done, say)
        say(f"resolve: {name} goes on after statement {done} with the next command")
