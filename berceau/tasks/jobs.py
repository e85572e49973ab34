"""``invoke jobs``: the tables of background jobs."""

from invoke.collection import Collection
from invoke.context import Context

from berceau.tasks.command import command
from berceau.tasks.project import load, say


@command
def migrate(_: Context) -> None:
    """Write a migration with the tables of background jobs, or with what an upgrade changes."""
    from berceau.workflows.deploy.migration_directory import shown
    from berceau.workflows.tenants.targets import shared
    from berceau.workflows.write.jobs import write_jobs

    settings = shared(load())
    written = write_jobs(settings)
    if written is None:
        say("jobs: nothing to do")
        return
    say(f"wrote {shown(settings.migrations)}/{written}")
    say("next:")
    say("  invoke migrate")


namespace = Collection("jobs", migrate)
