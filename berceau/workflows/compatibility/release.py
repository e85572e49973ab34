"""The running release: the code that still serves while a migration is applied."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from berceau.components import discover
from berceau.errors import MigrationError
from berceau.migration.history import compare
from berceau.migration.migration import Migration
from berceau.postgres.core.connection import connected
from berceau.postgres.runner import ledger
from berceau.postgres.runner.progress import Report, silent
from berceau.schema.codec import decode
from berceau.schema.model import Schema
from berceau.settings import Settings
from berceau.tenancy import Scope
from berceau.workflows.build.inputs import of_sources
from berceau.workflows.shared import git
from berceau.workflows.shared.cache import SchemaCache
from berceau.workflows.shared.databases import resolve_databases

_PROJECT = "tasks.py"
"""What makes a folder a project: see ``find_root``."""

_COMPOSE = "from berceau.workflows.compatibility.composing import serve; serve({!r})"


@dataclass(frozen=True)
class Release:
    """The entities of a revision, as they declare their ``schema``; people call it ``ref``."""

    ref: str
    commit: str
    schema: Schema

    def __str__(self) -> str:
        return f"{self.ref} ({self.commit[:7]})"


@dataclass(frozen=True)
class _Composed:
    schema: Schema


def running_release(
    settings: Settings,
    migrations: Sequence[Migration],
    ref: str | None = None,
    report: Report = silent,
) -> Release | None:
    """Return the release that runs while the project's next migration is applied.

    That is ``ref``, if it is given, and otherwise what the shared branch has in common with the
    current one, before the first of the ``migrations`` that the database lacks. Returns ``None``
    where that isn't known: without git, or where the project isn't in it. Where it is known and
    can't be composed, ``report`` gets the reason.

    Components that are installed count as they are now: git has their versions of then nowhere.
    Raises ``MigrationError`` where the given ``ref`` is unknown or can't be composed.
    """
    if ref is None:
        shared = git.shared_revision(settings.root, _PROJECT)
        if shared is None:
            return None
        if lacking := _lacking(settings, shared, migrations):
            shared = git.revision_before(
                shared, settings.root, _PROJECT, lacking, settings.migrations
            )
        try:
            return _release(settings, shared, "release")
        except MigrationError as error:
            report(f"the running release isn't known: {error.message}")
            return None
    found = git.revision(settings.root, ref, _PROJECT)
    if found is None:
        raise MigrationError(
            f"git has no revision {ref} of this project.",
            cure="Name a branch, a tag or a commit that has the project's tasks.py. In CI, the "
            "whole history has to be there: git fetch --unshallow --tags.",
        )
    return _release(settings, found, "release-against")


def _lacking(
    settings: Settings, shared: git.Revision, migrations: Sequence[Migration]
) -> frozenset[str]:
    """Return the names of the ``migrations`` of a ``shared`` revision that the database lacks.

    No process of that revision runs there yet. Of a database without any, nothing is known.
    """
    there = git.names_in(settings.migrations, shared.commit)
    with connected(resolve_databases(settings).migration_url) as connection:
        history = compare(migrations, ledger.read(connection))
    pending = frozenset(each.name for each in history.pending)
    return pending & there if history.applied else frozenset()


def _release(settings: Settings, revision: git.Revision, kind: str) -> Release:
    """Return the release at ``revision``; the cache keeps one of each ``kind``."""
    installed = of_sources(discover(settings.root / "none of the project's own"))
    causes = (revision.tree, installed, sys.version)
    scope = settings.target.scope if settings.target else None
    composed = SchemaCache(settings.cache).get(
        _Composed, kind, causes, lambda: _compose(settings.root, revision, scope)
    )
    return Release(revision.ref, revision.commit, composed.schema)


def _compose(root: Path, revision: git.Revision, scope: Scope | None) -> _Composed:
    """Import the entities of ``revision`` in another process: this one may have today's."""
    with _checked_out(root, revision) as project:
        done = subprocess.run(  # noqa: S603 - our own code
            [sys.executable, "-P", "-B", "-c", _COMPOSE.format(scope)],
            cwd=project,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            return _Composed(decode(Schema, json.loads(done.stdout)))
        said = done.stderr.strip().replace(f"{project}/", "")
    raise MigrationError(
        f"The entities of {revision} can't be composed:\n{said}",
        cure="A release runs with the packages that it was made for: install what it needs, or "
        "name another revision with --against.",
    )


@contextmanager
def _checked_out(root: Path, revision: git.Revision) -> Iterator[Path]:
    """Yield a folder with the project's files as they are in ``revision``."""
    with TemporaryDirectory(prefix="berceau-") as folder:
        project = Path(folder).resolve() / root.name
        project.mkdir()
        if not git.extract(root, revision.commit, project):
            raise MigrationError(
                f"The files of {revision} can't be written to {folder}.",
                cure="See whether git archive works in this repository, and the disk has room.",
            )
        yield project
