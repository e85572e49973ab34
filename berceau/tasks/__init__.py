"""The commands of a project: its ``tasks.py`` imports ``namespace`` from here.

Invoke has to know all commands to run one. So each imports what it works with as it runs: with
what the others need, a command that has nothing to do would take half as long again.
"""

from invoke.collection import Collection

from berceau.tasks import build, db, jobs, migrate, new, serve, settings, test

__all__ = ["namespace"]

namespace = Collection(
    build.build,
    new.new,
    serve.serve,
    settings.settings,
    test.test,
    migrate.namespace,
    db.namespace,
    jobs.namespace,
)
"""All commands, as the ``Collection`` that invoke looks for in a project's ``tasks.py``."""
