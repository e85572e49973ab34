"""The project's ``migrations/`` folder, read into and written from ``Script`` values."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from berceau.errors import Location, MigrationFileError
from berceau.migration.script import DATA, DOWN, NAME, UP, Script, check_name
from berceau.workflows.files import write, write_folder

HEAD = "HEAD"
REWRITE = ".rewrite.json"
"""What a command that rewrites history is about to do, while it does."""


def read(folder: Path) -> tuple[Script, ...]:
    """Return the migrations in ``folder``, in order; none where it doesn't exist.

    Raises ``MigrationFileError`` for a folder that is no migration.
    """
    scripts, errors = examine(folder)
    if errors:
        raise errors[0]
    return scripts


def examine(folder: Path) -> tuple[tuple[Script, ...], tuple[MigrationFileError, ...]]:
    """Return the migrations in ``folder``, in order, and what is wrong with the other folders."""
    scripts, errors = [], []
    if (folder / REWRITE).exists():
        errors.append(_INTERRUPTED)
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_dir() and path.name[0] != ".":
            try:
                scripts.append(_read(path))
            except MigrationFileError as error:
                errors.append(error)
    return tuple(scripts), tuple(errors)


_INTERRUPTED = MigrationFileError(
    "A command that rewrites migrations/ was interrupted.",
    where=Location(file=Path("migrations", REWRITE)),
    cure="Run `invoke migrate.rebase`: it finishes what was begun.",
)


def _read(path: Path) -> Script:
    check_name(path.name)
    try:
        sql = (path / UP).read_text(encoding="utf-8")
        down, data = (
            (path / name).read_text(encoding="utf-8") if (path / name).exists() else ""
            for name in (DOWN, DATA)
        )
    except (OSError, UnicodeDecodeError) as error:
        raise MigrationFileError(
            f"The migration {path.name} can't be read: {error}",
            where=Location(file=path / UP),
            cure="Restore the file, or remove its folder if it was never applied.",
        ) from error
    script = Script(path.name, sql, down, data)
    try:
        _ = script.header
    except MigrationFileError as error:
        error.where = Location(file=path / UP, line=error.where.line if error.where else None)
        raise
    return script


def save(folder: Path, script: Script) -> None:
    """Write ``script`` as a folder of its own, all of it or nothing, and make it the newest."""
    files = {UP: script.sql, DOWN: script.down, DATA: script.data}
    write_folder(folder / script.name, {name: text for name, text in files.items() if text})
    point_head(folder)


def move(folder: Path, name: str, script: Script) -> None:
    """Turn the migration called ``name`` into ``script``; other files in its folder stay.

    Where that was done, nothing changes.
    """
    if script.name != name and (folder / name).exists():
        (folder / name).rename(folder / script.name)
    write(folder / script.name / UP, script.sql)
    if script.down:
        write(folder / script.name / DOWN, script.down)


def replace_by(folder: Path, names: Sequence[str], script: Script) -> None:
    """Save ``script``, and remove the migrations called ``names``, as far as that isn't done."""
    if not (folder / script.name).exists():
        save(folder, script)
    for name in names:
        if (folder / name).exists():
            shutil.rmtree(folder / name)


def point_head(folder: Path) -> bool:
    """Let ``HEAD`` in ``folder`` name the newest migration; say whether that changed it.

    The file is there for git: two branches that both add a migration both change its one line,
    and the second merge stops at it.
    """
    paths = folder.iterdir() if folder.is_dir() else ()
    names = sorted(path.name for path in paths if NAME.fullmatch(path.name))
    return bool(names) and write(folder / HEAD, f"{names[-1]}\n")


def has_conflict(folder: Path) -> bool:
    """Return whether git left the marks of a conflict in ``HEAD``."""
    head = folder / HEAD
    return head.is_file() and "<<<<<<<" in head.read_text(encoding="utf-8")


def is_stale(folder: Path, scripts: Sequence[Script]) -> bool:
    """Return whether ``HEAD`` doesn't name the newest of ``scripts``: git wouldn't see a fork."""
    head = folder / HEAD
    text = head.read_text(encoding="utf-8").strip() if head.is_file() else ""
    return bool(scripts) and text != scripts[-1].name


def last_name(scripts: Sequence[Script]) -> str | None:
    """Return the name of the newest of ``scripts``."""
    return scripts[-1].name if scripts else None
