"""What one source file says: a value that can be kept until the file changes."""

from dataclasses import dataclass, field
from pathlib import Path

Place = tuple[Path, int]
"""A file and one of its lines, from 1."""
Line = tuple[int, str]
"""A line and what stands there."""


@dataclass(frozen=True)
class FileFacts:
    """What the rules found in a file, and what rules that look at many files need of it.

    ``faults`` are lines, codes and messages, ``ignores`` lines and codes of the comments that
    silence. ``declared`` gives the line and the options of each class and attribute, by
    ``Post`` and ``Post.title``; ``filters`` are lines and attributes, ``Post.title``, that
    queries filter by. All is plain data, as JSON gives it back.
    """

    faults: list[tuple[int, str, str]] = field(default_factory=list)
    ignores: list[Line] = field(default_factory=list)
    declared: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    filters: list[Line] = field(default_factory=list)
