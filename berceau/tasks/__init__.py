"""The commands of a project: its ``tasks.py`` imports ``namespace`` from here."""

from invoke.collection import Collection

from berceau.tasks import build, db, migrate, new, serve, test

namespace = Collection(
    build.build, new.new, serve.serve, test.test, migrate.namespace, db.namespace
)

__all__ = ["namespace"]
