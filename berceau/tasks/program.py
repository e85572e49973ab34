"""The command ``berceau``: what is done where there is no project yet, so no ``tasks.py``."""

from pathlib import Path

from invoke.collection import Collection
from invoke.context import Context
from invoke.program import Program

from berceau import __version__
from berceau.errors import BerceauError
from berceau.tasks.command import command
from berceau.tasks.project import say


@command(help={"project": "the folder to make, which is called as the project, such as shop"})
def new(_: Context, project: str) -> None:
    """Write a project: settings, checks, a first component with its migration, and tests."""
    from berceau.workflows.build.new_project import create_project

    if not project.strip():
        raise BerceauError("The project has no name.", cure="Name it: berceau new shop.")
    created = create_project(Path(project).absolute())
    say(f"wrote {project}:")
    for file in created.files:
        say(f"  {file}")
    say("next:")
    say(f"  cd {project}")
    say("  python3 -m venv .venv && . .venv/bin/activate")
    say("  pip install -e '.[dev]'")
    say("  invoke serve   # and open http://127.0.0.1:6543")


program = Program(version=__version__, namespace=Collection(new), name="Berceau", binary="berceau")
