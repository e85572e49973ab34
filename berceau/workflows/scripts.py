"""The project's ``migrations/`` folder, read into and written from ``Script`` values."""

from collections.abc import Sequence
from pathlib import Path

from berceau.errors import Location, MigrationFileError
from berceau.migration.script import Script, check_name
from berceau.workflows.files import write_folder

UP = "migration.sql"
DOWN = "down.sql"


def read(folder: Path) -> tuple[Script, ...]:
    """Return the migrations in ``folder``, in order; none where it doesn't exist.

    Raises ``MigrationFileError`` for a folder that is no migration.
    """
    if not folder.is_dir():
        return ()
    paths = sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] != ".")
    return tuple(_read(path) for path in paths)


def _read(path: Path) -> Script:
    check_name(path.name)
    try:
        sql = (path / UP).read_text(encoding="utf-8")
        down = (path / DOWN).read_text(encoding="utf-8") if (path / DOWN).exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise MigrationFileError(
            f"The migration {path.name} can't be read: {error}",
            where=Location(file=path / UP),
            cure="Restore the file, or remove its folder if it was never applied.",
        ) from error
    return Script(path.name, sql, down)


def save(folder: Path, script: Script) -> None:
    """Write ``script`` as a folder of its own, all of it or nothing."""
    write_folder(folder / script.name, {UP: script.sql, DOWN: script.down})


def last_name(scripts: Sequence[Script]) -> str | None:
    """Return the name of the newest of ``scripts``."""
    return scripts[-1].name if scripts else None
