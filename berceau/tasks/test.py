"""``invoke test``: the tests of the framework and of every component, in parallel."""

import subprocess
import sys
from importlib.metadata import requires
from importlib.util import find_spec

from invoke.context import Context
from invoke.exceptions import Exit

from berceau.errors import SettingsError
from berceau.settings import parse_workers
from berceau.tasks.command import command
from berceau.tasks.project import after_dashes, load
from berceau.testing.options import RECORD, WITHOUT_SLOW


@command(
    help={
        "workers": "how many tests run at the same time: a number, or auto",
        "all": "run those marked slow, too",
    }
)
def test(_: Context, workers: str = "", all_: bool = False) -> None:
    """Run the tests of the framework and of every component in parallel.

    Those marked slow are left out, unless --all is given or their file is named. What follows --
    goes to pytest: invoke test -- -k posts
    """
    settings = load()
    if find_spec("pytest") is None or find_spec("xdist") is None:
        raise SettingsError(
            "pytest and pytest-xdist aren't installed here.",
            cure=f"Install what tests need: {_install('test')}",
        )
    count = parse_workers(workers, "--workers") if workers else settings.test_workers
    # One worker needs no second process: debuggers and -s work then.
    processes = ["-n", "0" if count == 1 else str(count)]
    chosen = [] if all_ else [WITHOUT_SLOW]
    options = [*processes, *chosen, RECORD, *after_dashes()]
    arguments = [sys.executable, "-m", "pytest", *options]
    failed = subprocess.run(arguments, cwd=settings.root, check=False).returncode  # noqa: S603 - our own
    if failed:
        raise Exit(code=1)


def _install(extra: str) -> str:
    """Return the command that installs what ``extra`` adds: no index has Berceau itself."""
    marked = (each.partition(";") for each in requires("berceau") or ())
    wanted = [need.strip() for need, _, marker in marked if f'extra == "{extra}"' in marker]
    return " ".join(("pip install", *(f"'{need}'" for need in wanted)))
