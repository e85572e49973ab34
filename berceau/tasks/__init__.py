"""The commands of a project: its ``tasks.py`` imports ``namespace`` from here.

Invoke has to know all commands to run one. So each imports what it works with as it runs: with
what the others need, a command that has nothing to do would take half as long again.
"""

from invoke.collection import Collection

from berceau.tasks import (
    advise,
    build,
    db,
    docs,
    jobs,
    migrate,
    new,
    serve,
    settings,
    stats,
    tenant,
    test,
)

__all__ = ["namespace"]

namespace = Collection(
    advise.advise,
    build.build,
    docs.docs,
    new.new,
    serve.serve,
    settings.settings,
    test.test,
    migrate.namespace,
    db.namespace,
    jobs.namespace,
    stats.namespace,
    tenant.namespace,
)
"""All commands, as the ``Collection`` that invoke looks for in a project's ``tasks.py``."""
