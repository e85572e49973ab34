"""The line of a project's code that is running now, in Python or in a template."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from types import FrameType

_TESTS = f"{os.sep}tests{os.sep}"


class Lines:
    """Finds the lines of the code in ``folders``, which are named from the folder ``root``.

    Tests are no such code. A template is, by the names that Chameleon's compiled ones have.
    """

    def __init__(self, root: Path, folders: Iterable[Path]) -> None:
        self._root = f"{root}{os.sep}"
        self._folders = tuple(f"{folder}{os.sep}" for folder in folders)
        # By the name of the file: most are asked about again with each query.
        self._known: dict[str, str | None] = {}

    def innermost(self) -> str | None:
        """Return the innermost line, as in ``components/blog/views.py:7``, if there is one."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            file = self._file(frame)
            if file is not None:
                return f"{file}:{_number(frame)}"
            frame = frame.f_back
        return None

    def outermost(self) -> FrameType | None:
        """Return the frame of the outermost line: as long as it runs, it is the same call."""
        found = None
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            if self._file(frame) is not None:
                found = frame
            frame = frame.f_back
        return found

    def holds(self, frame: FrameType) -> bool:
        """Return whether ``frame`` runs such a line."""
        return self._file(frame) is not None

    def _file(self, frame: FrameType) -> str | None:
        """Return the name of the file whose code ``frame`` runs, if it is in the folders."""
        name = frame.f_code.co_filename
        try:
            return self._known[name]
        except KeyError:
            found = self._known[name] = self._name(str(frame.f_globals.get("__filename", name)))
            return found

    def _name(self, file: str) -> str | None:
        for folder in self._folders:
            if file.startswith(folder) and _TESTS not in file[len(folder) - 1 :]:
                return file.removeprefix(self._root)
        return None


def _number(frame: FrameType) -> int:
    """Return the number of the line that ``frame`` runs, in a template that of the expression."""
    tokens = frame.f_globals.get("__tokens")
    if tokens is None:
        return frame.f_lineno
    token = tokens.get(frame.f_locals.get("__token"))
    return int(token[1]) if token else 1
