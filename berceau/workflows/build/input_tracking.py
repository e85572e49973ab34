"""What Python code reads while it runs: files that it opens, and variables of the environment."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

ALL = "*"
"""Stands for the whole environment: the code went through it."""


@dataclass
class Reads:
    """The ``files`` that were opened for reading, and the names of the ``variables``."""

    files: set[str] = field(default_factory=set)
    variables: set[str] = field(default_factory=set)


@contextmanager
def watch() -> Iterator[Reads]:
    """Yield what the body reads, from whichever thread; what code in C reads is not seen.

    Uses may overlap, in several threads, too. When the last one ends, the environment is a plain
    one again. The hook that hears of opened files can't be removed; it then does nothing.
    """
    _listen()
    reads = Reads()
    with _lock:
        _watching.append(reads)
        # The object stays the same one: many modules hold it by a name of their own.
        os.environ.__class__ = _watched(_PLAIN)
    try:
        yield reads
    finally:
        with _lock:
            _watching[:] = [each for each in _watching if each is not reads]
            if not _watching:
                os.environ.__class__ = _PLAIN


_PLAIN: Any = type(os.environ)
_lock = threading.Lock()
_watching: list[Reads] = []


@cache
def _listen() -> None:
    """Hear of every file that is opened, from now on: such a hook stays."""
    sys.addaudithook(_hear)


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if _watching and event == "open":
        path, mode, _ = arguments
        if isinstance(path, str | bytes) and not set(mode or "r") & set("wax+"):
            for reads in tuple(_watching):
                reads.files.add(str(Path(os.fsdecode(path)).absolute()))


@cache
def _watched(plain: Any) -> Any:
    class Watched(plain):  # type: ignore[misc] # typeshed keeps the class of os.environ to itself
        def __getitem__(self, name: str) -> str:
            _note(name)
            value: str = super().__getitem__(name)
            return value

        def __iter__(self) -> Iterator[str]:
            _note(ALL)
            names: Iterator[str] = super().__iter__()
            return names

    return Watched


def _note(name: str) -> None:
    for reads in tuple(_watching):
        reads.variables.add(name)


def variable(name: str) -> str | None:
    """Return what the environment holds under ``name``, or all that it holds."""
    return repr(sorted(os.environ.items())) if name == ALL else os.environ.get(name)
