"""The project's ``migrations/`` folder, read into and written from ``Migration`` values."""

import os
import re
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path

from berceau.errors import Location, MigrationFileError
from berceau.migration.migration import DATA, DOWN, NAME, UP, Migration, check_name
from berceau.settings import Settings
from berceau.tenancy import SCOPES, Target
from berceau.workflows.shared.files import write, write_folder

HEAD = "HEAD"
REWRITE = ".rewrite.json"
"""What a command that rewrites history is about to do, while it does."""
_NUMBERED = re.compile(r"\d{14}")


def read(folder: Path) -> tuple[Migration, ...]:
    """Return the migrations in ``folder``, in order; none where it doesn't exist.

    Raises ``MigrationFileError`` for a folder that is no migration.
    """
    migrations, errors = examine(folder)
    if errors:
        raise errors[0]
    return migrations


def read_all(settings: Settings) -> tuple[Migration, ...]:
    """Return the migrations of a project, of both histories where it has tenants, by name."""
    if settings.tenants is None:
        return read(settings.migrations)
    found = (read(settings.targeting(Target(scope)).migrations) for scope in SCOPES)
    return tuple(sorted(chain(*found), key=lambda each: each.name))


def examine(folder: Path) -> tuple[tuple[Migration, ...], tuple[MigrationFileError, ...]]:
    """Return the migrations in ``folder``, in order, and what is wrong with the other folders."""
    _refuse_parts(folder)
    migrations, errors = [], []
    if os.path.lexists(folder / REWRITE):
        errors.append(_interrupted())
    name = shown(folder)
    for path in _paths(folder):
        try:
            migrations.append(_read(path, name))
        except MigrationFileError as error:
            errors.append(error)
    return tuple(migrations), tuple(errors)


def shown(path: Path) -> str:
    """Return ``path``, of a folder of migrations or in one, from the project's folder on."""
    parts = path.parts
    if "migrations" not in parts:
        return path.name
    return "/".join(parts[len(parts) - parts[::-1].index("migrations") - 1 :])


def refuse_loose(folder: Path) -> None:
    """Raise ``MigrationFileError`` where ``folder`` has migrations beside those of its parts."""
    names = [path.name for path in _paths(folder) if _NUMBERED.match(path.name)]
    if names:
        raise MigrationFileError(
            f"The project has tenants, and migrations/{names[0]} doesn't say whose tables it is "
            "about.",
            where=Location(file=Path("migrations", names[0])),
            cure=f"Move it, with all others: `git mv migrations/{names[0]} migrations/tenant/` if "
            "each tenant has these tables, `migrations/shared/` if all of them share them; and "
            "`git mv migrations/HEAD` with the newest.",
        )


def _refuse_parts(folder: Path) -> None:
    """Raise ``MigrationFileError`` where ``folder`` is that of a project with tenants."""
    for scope in SCOPES:
        if next((folder / scope).glob(f"*/{UP}"), None):
            raise MigrationFileError(
                f"migrations/{scope} is a folder of migrations of a project with tenants.",
                where=Location(file=Path("migrations", scope)),
                cure="Write berceau.tenants = schema into the ini file, or set "
                "BERCEAU_TENANTS=schema. If the project has tenants, this command doesn't work "
                "with them.",
            )


def _interrupted() -> MigrationFileError:
    return MigrationFileError(
        "A command that rewrites migrations/ was interrupted.",
        where=Location(file=Path("migrations", REWRITE)),
        cure="Run `invoke migrate.rebase`: it finishes the interrupted command.",
    )


def _paths(folder: Path) -> tuple[Path, ...]:
    """Return what in ``folder`` is a migration, or is called like one, in order."""
    if not os.path.lexists(folder):
        return ()
    with _explained(folder):
        return tuple(
            path
            for path in sorted(folder.iterdir())
            if path.name[0] != "." and (path.is_dir() or _NUMBERED.match(path.name))
        )


def _read(path: Path, folder: str) -> Migration:
    if not path.is_dir():
        raise MigrationFileError(
            f"{shown(path)} isn't a folder.",
            cure=f"A migration is a folder with a {UP}: move the file into one, or restore it.",
        )
    check_name(path.name)
    sql = read_text(path / UP)
    others = (path / name for name in (DOWN, DATA))
    down, data = (read_text(each) if os.path.lexists(each) else "" for each in others)
    migration = Migration(path.name, sql, down, data.removeprefix("\ufeff"), folder)
    try:
        _ = migration.header
    except MigrationFileError as error:
        raise error.at(replace(error.where or Location(), file=path / UP)) from error
    return migration


def read_text(path: Path) -> str:
    """Return the text of a migration's file, or raise ``MigrationFileError`` with the line."""
    with _explained(path):
        if not stat.S_ISREG(path.stat().st_mode):  # to read a pipe is to wait for ever
            raise MigrationFileError(
                f"{path.name} isn't a file.",
                where=Location(file=path),
                cure="Put the migration's file in its place.",
            )
        raw = path.read_bytes()
    try:
        text = raw.decode()
        flaw, position, cure = "a NUL character", raw.find(b"\0"), "Take it out."
    except UnicodeDecodeError as error:
        position, cure = error.start, "Save the file as UTF-8."
        flaw = f"a byte that isn't UTF-8 (0x{raw[position]:02x})"
    if position >= 0:
        line = raw.count(b"\n", 0, position) + 1
        raise MigrationFileError(
            f"{path.name} holds {flaw}.", where=Location(file=path, line=line), cure=cure
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Make what the operating system refuses in the body an error for a person."""
    try:
        yield
    except OSError as error:
        raise MigrationFileError(
            f"{path.name} can't be read: {error.strerror}.",
            where=Location(file=path),
            cure="Restore it (git checkout), or remove its folder if it was never applied.",
        ) from error


def save(folder: Path, migration: Migration) -> None:
    """Write ``migration`` as a folder of its own, all of it or nothing, and make it the newest."""
    files = {UP: migration.sql, DOWN: migration.down, DATA: migration.data}
    write_folder(folder / migration.name, {name: text for name, text in files.items() if text})
    point_head(folder)


def move(folder: Path, name: str, migration: Migration) -> None:
    """Turn the migration called ``name`` into ``migration``; other files in its folder stay.

    Where that was done, nothing changes.
    """
    if migration.name != name and (folder / name).exists():
        (folder / name).rename(folder / migration.name)
    write(folder / migration.name / UP, migration.sql)
    if migration.down:
        write(folder / migration.name / DOWN, migration.down)


def replace_by(folder: Path, names: Sequence[str], migration: Migration) -> None:
    """Save ``migration``, and remove the migrations called ``names``, as far as that isn't done."""
    if not (folder / migration.name).exists():
        save(folder, migration)
    for name in names:
        if (folder / name).exists():
            shutil.rmtree(folder / name)


def remove(folder: Path, name: str) -> None:
    """Remove the migration called ``name``, which was never applied, from ``folder``."""
    shutil.rmtree(folder / name)
    if not point_head(folder):
        (folder / HEAD).unlink(missing_ok=True)


def point_head(folder: Path) -> bool:
    """Let ``HEAD`` in ``folder`` name the newest migration; return whether that changed it.

    The file is there for git: two branches that both add a migration both change its one line,
    and the second merge stops at it.
    """
    paths = folder.iterdir() if folder.is_dir() else ()
    names = sorted(path.name for path in paths if NAME.fullmatch(path.name))
    return bool(names) and write(folder / HEAD, f"{names[-1]}\n")


def has_conflict(folder: Path) -> bool:
    """Return whether git left the marks of a conflict in ``HEAD``."""
    return "<<<<<<<" in _head(folder)


def is_stale(folder: Path, migrations: Sequence[Migration]) -> bool:
    """Return whether ``HEAD`` names another than the newest: git would miss a fork."""
    return bool(migrations) and _head(folder).strip() != migrations[-1].name


def _head(folder: Path) -> str:
    """Return the name in ``HEAD``; one that can't be read is empty, and is written again."""
    with suppress(OSError):
        return (folder / HEAD).read_bytes().decode(errors="replace")
    return ""


def last_name(migrations: Sequence[Migration]) -> str | None:
    """Return the name of the newest of ``migrations``."""
    return migrations[-1].name if migrations else None
