"""What Python code reads while it runs: files that it opens, and variables of the environment."""

import os
import sys
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
    """Yield what the body reads, from whichever thread; what code in C reads is not seen."""
    _listen()
    reads = Reads()
    plain = type(os.environ)
    # The object stays the same one: many modules hold it by a name of their own.
    os.environ.__class__ = _watched(plain)
    _watching.append(reads)
    try:
        yield reads
    finally:
        _watching.remove(reads)
        os.environ.__class__ = plain


_watching: list[Reads] = []


@cache
def _listen() -> None:
    """Hear of every file that is opened, from now on: such a hook stays."""
    sys.addaudithook(_hear)


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if _watching and event == "open":
        path, mode, _ = arguments
        if isinstance(path, str | bytes) and not set(mode or "r") & set("wax+"):
            for reads in _watching:
                reads.files.add(str(Path(os.fsdecode(path)).absolute()))


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
    for reads in _watching:
        reads.variables.add(name)


def variable(name: str) -> str | None:
    """Return what the environment holds under ``name``, or all that it holds."""
    return repr(sorted(os.environ.items())) if name == ALL else os.environ.get(name)
