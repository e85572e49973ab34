"""The notes on a project's source files: kept ones, and those on many new files from a helper.

The helper is a process beside the one that imports the same files: two cores do two things.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from compileall import compile_file
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Self

from berceau.components import Component
from berceau.lint.file_facts import FileFacts
from berceau.schema.codec import decode, encode
from berceau.settings import Settings
from berceau.workflows.shared import fingerprint
from berceau.workflows.shared.cache import SchemaCache

MANY = 50
"""From so many new files on, a helper's start is worth its time."""

_SERVE = "from berceau.workflows.build.file_facts import serve; serve()"
_KIND = "lint"


@dataclass(frozen=True)
class FileNotes:
    """The facts about the file ``path`` while its contents have that ``fingerprint``."""

    path: str
    fingerprint: str
    notes: FileFacts


@dataclass(frozen=True)
class _Known:
    files: tuple[FileNotes, ...]


class Reading:
    """Reads the files of those ``components`` that are the project's own, not installed.

    Those that didn't change since ``keep`` aren't examined again. As a context manager, it
    leaves no helper behind.
    """

    def __init__(self, settings: Settings, components: Iterable[Component]) -> None:
        self._cache = SchemaCache(settings.cache)
        kept = self._cache.find(_Known, _KIND, ())
        known = {each.path: each for each in kept.files} if kept is not None else {}
        self._known: list[FileNotes] = []
        self._new: list[str] = []
        own = (each for each in components if each.path.parent == settings.components)
        for path in (str(file) for component in own for file in component.sources()):
            each = known.get(path)
            if each is not None and each.fingerprint == _of_source(Path(path).read_bytes()):
                self._known.append(each)
            else:
                self._new.append(path)
        worthwhile = len(self._new) >= MANY and (os.cpu_count() or 1) > 1
        self._helper = _Helper(self._new) if worthwhile else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._helper is not None:
            self._helper.end()

    def notes(self) -> dict[Path, FileFacts]:
        """Return the notes on each file."""
        found = self._helper.result() if self._helper is not None else None
        self._known += found.files if found is not None else map(_examine, self._new)
        self._new, self._helper = [], None
        return {Path(each.path): each.notes for each in self._known}

    def keep(self) -> None:
        """Keep the notes for the next time."""
        self._cache.keep(_KIND, (), _Known(tuple(self._known)))


class _Helper:
    """A process that examines ``files``; it writes to a file, and so never waits to be read."""

    def __init__(self, files: Sequence[str]) -> None:
        self._output = TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - see end()
        with TemporaryFile("w+", encoding="utf-8") as names:
            json.dump(files, names)
            names.seek(0)
            self._process = subprocess.Popen(  # noqa: S603 - our own code
                [sys.executable, "-P", "-c", _SERVE],
                stdin=names,
                stdout=self._output,
                stderr=subprocess.DEVNULL,  # where it fails, they are examined here again
            )

    def result(self) -> _Known | None:
        """Return what it found out, or ``None`` where it failed."""
        with self._output:
            if self._process.wait():
                return None
            self._output.seek(0)
            with suppress(ValueError, TypeError):
                return decode(_Known, json.load(self._output))
        return None

    def end(self) -> None:
        """End it, if its result wasn't asked for."""
        self._process.kill()
        self._process.wait()
        self._output.close()


def serve() -> None:
    """Examine the files whose names come in, as JSON; their notes go out. The helper's work.

    It first compiles what the other process, which begins at the other end, didn't import yet.
    """
    files = json.load(sys.stdin)
    if not sys.dont_write_bytecode:
        for file in reversed(files):
            compile_file(file, quiet=2)
    found = _Known(tuple(map(_examine, files)))
    json.dump(encode(found), sys.stdout)


def _examine(path: str) -> FileNotes:
    from berceau.lint.source import examine  # with Pony: only who has a new file needs it

    source = Path(path).read_bytes()
    return FileNotes(path, _of_source(source), examine(source))


def _of_source(source: bytes) -> str:
    return fingerprint.of_texts((source.decode(errors="replace"),))
