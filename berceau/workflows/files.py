"""Generated files: written whole or not at all, and only when they changed."""

import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from berceau.errors import BerceauError

ABANDONED = 600.0
"""After so many seconds a file that was never finished is nobody's; writing takes milliseconds."""
_NEW = re.compile(r"\..+\.[0-9a-f]{8}")


def write(path: Path, text: str) -> bool:
    """Make ``path`` hold ``text``; say whether that changed anything.

    A reader, or a crash, sees the old file or the new one, never a part. Raises ``BerceauError``
    where it can't be written.
    """
    data = text.encode()
    with _explained(path):
        if path.is_file() and path.read_bytes() == data:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        new = _beside(path)
        try:
            new.write_bytes(data)
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)
    return True


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
                (new / name).write_text(text, encoding="utf-8")
            new.rename(folder)
        except BaseException:
            for path in new.glob("*"):
                path.unlink()
            new.rmdir()
            raise


def _beside(path: Path) -> Path:
    """Return a new name beside ``path``, and clear away what killed processes left under such."""
    for left in path.parent.glob(".*"):
        if _NEW.fullmatch(left.name) and left.lstat().st_mtime < time.time() - ABANDONED:
            shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Make what the operating system refuses in the body an error for a person."""
    try:
        yield
    except OSError as error:
        raise BerceauError(
            f"{path} can't be written: {error.strerror}.",
            cure="Cure that, and run the command again.",
        ) from error
