"""New project: a folder with all that a project has, written as a whole or not at all."""

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import requires
from pathlib import Path

from berceau import __version__
from berceau.errors import BerceauError, Location
from berceau.migration.migration import new_name
from berceau.workflows.build.new import COMPONENTS, render
from berceau.workflows.build.templates import fill
from berceau.workflows.shared.files import write_folder

FIRST_COMPONENT = "notes"
"""The example that a project begins with. Its migration is one of the templates, too."""

MAX_LENGTH = 40

_NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")


@dataclass(frozen=True)
class CreatedProject:
    """A project that was written: its folder, with the ``files`` in it."""

    folder: Path
    files: tuple[str, ...]


def create_project(folder: Path) -> CreatedProject:
    """Write a project that passes its own tests and checks: ``folder``, called as the project.

    The folder appears as a whole or not at all. Raises ``BerceauError`` where it exists already or
    can't be written, and for a name that can't be.
    """
    files = render_project(folder.name, datetime.now(UTC))
    if os.path.lexists(folder):  # a dangling link is in the way, too
        raise BerceauError(
            "There is something with that name already.",
            where=Location(file=folder),
            cure="Choose another name, or move away what is there.",
        )
    if not folder.parent.is_dir():
        raise BerceauError(
            f"The folder {folder.parent} doesn't exist.",
            cure="Make it, or choose another place for the project.",
        )
    write_folder(folder, files)
    return CreatedProject(folder, tuple(sorted(files)))


def render_project(name: str, now: datetime) -> dict[str, str]:
    """Return the files of a project ``name``, by their paths in its folder.

    ``now``, in UTC, becomes the time of its first migration. Raises ``BerceauError`` for a name
    that can't be.
    """
    _check_name(name)
    values = {
        "name": name,
        "host": name.replace("_", "-"),
        "version": __version__,
        "migration": new_name("init", now, last=None),
    }
    component = render(FIRST_COMPONENT)
    return (
        fill("project", values)
        | {"components/__init__.py": COMPONENTS}
        | {f"components/{FIRST_COMPONENT}/{path}": text for path, text in component.items()}
    )


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > MAX_LENGTH:
        problem = (
            "a name has lower-case letters and digits, begins with a letter, has a single - or _ "
            f"between its words, and has at most {MAX_LENGTH} characters"
        )
    elif _normalized(name) in _needed():
        problem = "its package would be called as one that it needs"
    else:
        return
    raise BerceauError(
        f"A project can't be called {name!r}: {problem}.",
        cure="Choose another name, such as shop or guest-book.",
    )


def _needed() -> set[str]:
    """Return the names of the packages that a project installs: Berceau, and what it needs."""
    needs = (re.split(r"[^\w.-]", each, maxsplit=1)[0] for each in requires("berceau") or ())
    return {"berceau", "ruff", *map(_normalized, needs)}


def _normalized(name: str) -> str:
    """Return what installers compare: PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()
