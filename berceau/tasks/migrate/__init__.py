"""``invoke migrate`` and its kin: from entities to SQL, and from SQL to the database."""

from invoke.collection import Collection

from berceau.tasks.migrate.check import check
from berceau.tasks.migrate.deploy import deploy, down, resolve
from berceau.tasks.migrate.diff import diff
from berceau.tasks.migrate.history import adopt, baseline, rebase, reset, squash
from berceau.tasks.migrate.status import status
from berceau.tasks.migrate.write import migrate

namespace = Collection(
    "migrate",
    migrate,
    adopt,
    baseline,
    check,
    deploy,
    diff,
    down,
    rebase,
    reset,
    resolve,
    squash,
    status,
)

__all__ = ["namespace"]
