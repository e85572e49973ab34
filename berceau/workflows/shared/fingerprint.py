"""Fingerprints of files: of components, and of the code of Berceau itself.

A fingerprint is of inputs, and shows whether something must be made again. A checksum is of one
text, such as a migration's, and shows whether that was edited.
"""

import hashlib
import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import berceau


def of_files(paths: Iterable[Path]) -> str:
    """Return a hash of the names and contents of ``paths``; a missing file counts as such."""
    hasher = hashlib.sha256()
    for path in paths:
        hasher.update(f"\0{path}\0".encode())
        try:
            hasher.update(path.read_bytes())
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            hasher.update(b"\0missing")
    return hasher.hexdigest()


def of_state(path: str) -> str:
    """Return the size and the time of change of ``path``; a missing file counts as such."""
    try:
        state = os.stat(path)  # noqa: PTH116 - a thousand of them: a Path costs more than this
    except OSError:
        return f"{path} missing"
    return f"{path} {state.st_size} {state.st_mtime_ns}"


def of_texts(texts: Iterable[str]) -> str:
    """Return a hash of ``texts``, in their order."""
    hasher = hashlib.sha256()
    for text in texts:
        hasher.update(f"{len(text)} {text}".encode())
    return hasher.hexdigest()


@cache
def of_berceau() -> str:
    """Return a hash of the code of Berceau: what it made is stale when the code changed."""
    folder = Path(berceau.__file__).parent
    return of_files(sorted((*folder.rglob("*.py"), *folder.rglob("*.pyi"))))
