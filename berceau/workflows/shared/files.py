"""Generated files: written whole or not at all, and only when they changed."""

import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from berceau.errors import BerceauError

ABANDONED = 600.0
"""After so many seconds an unfinished file has no writer any more; writing takes milliseconds."""
_NEW = re.compile(r"\..+\.[0-9a-f]{8}")


def write(path: Path, text: str) -> bool:
    """Make ``path`` hold ``text``; return whether that changed anything.

    A reader, or a crash, sees the old file or the new one, never a part. Raises ``BerceauError``
    where it can't be written.
    """
    with _explained(path):
        if holds(path, text):
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        new = _beside(path)
        try:
            new.write_bytes(text.encode())
            new.replace(path)
        except BaseException:
            new.unlink(missing_ok=True)
            raise
    return True


def keep(path: Path, text: str) -> None:
    """Make ``path`` hold ``text`` where that is possible: a cache, which only spares time.

    A project may be read-only, or belong to another user.
    """
    with suppress(BerceauError):
        write(path, text)


def kept_in(folder: Path) -> Path | None:
    """Return ``folder``, made where it is missing, if others can keep their caches there."""
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK | os.X_OK):
            return folder
    return None


def holds(path: Path, text: str) -> bool:
    """Return whether ``path`` is a file with ``text``."""
    try:
        return path.read_bytes() == text.encode()
    except (FileNotFoundError, NotADirectoryError):
        return False


def write_folder(folder: Path, files: dict[str, str]) -> None:
    """Create ``folder`` with ``files``, by name, at one stroke; it must not exist yet.

    Raises ``BerceauError`` where it can't be written.
    """
    with _explained(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        new = _beside(folder)
        new.mkdir()
        try:
            for name, text in files.items():
                (new / name).parent.mkdir(parents=True, exist_ok=True)
                (new / name).write_text(text, encoding="utf-8")
            new.rename(folder)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise


def _beside(path: Path) -> Path:
    """Return a new name beside ``path``, and clear away what killed processes left under such."""
    _clear(path.parent)
    return path.with_name(f".{path.name}.{os.urandom(4).hex()}")


@cache
def _clear(folder: Path) -> None:
    # Once in a process is enough, and a build writes a file for each component.
    for left in folder.glob(".*"):
        if _NEW.fullmatch(left.name) and left.lstat().st_mtime < time.time() - ABANDONED:
            shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Make what the operating system refuses in the body an error for a person."""
    try:
        yield
    except OSError as error:
        raise BerceauError(
            f"{path} can't be written: {error.strerror}.",
            cure="Correct the cause, and run the command again.",
        ) from error
