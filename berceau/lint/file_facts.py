"""The facts about one source file: a value that can be kept until the file changes."""

from dataclasses import dataclass, field
from pathlib import Path

Place = tuple[Path, int]
"""A file and one of its lines, from 1."""
Line = tuple[int, str]
"""A line and what stands there."""


@dataclass(frozen=True)
class Read:
    """What a line does with an entity or its objects, on a ``path``: ``Post``, ``Post/tags/count``.

    ``kind`` is "iterated" where Python iterates the entity, "loop" where a loop reads the path of
    each object, and "held" where a variable only takes it. It is "query" where a loop sends a query
    for each object, "aggregate" where a query has the path's last name as a method, and "inline"
    where Python computes what PostgreSQL could. ``prefetched`` are the attributes that the loop's
    query has read for all objects, and ``scope`` is the line of the function.
    """

    line: int
    kind: str
    path: str
    text: str
    scope: int
    prefetched: tuple[str, ...]


@dataclass(frozen=True)
class FileFacts:
    """What the rules found in a file, and what rules that look at many files need of it.

    ``faults`` are lines, codes and messages, ``ignores`` lines and codes of the comments that
    silence. ``declared`` gives the line and the options of each class and what its body assigns, by
    ``Post`` and ``Post.title``; ``filters`` are lines and attributes, ``Post.title``, that
    queries filter by. ``reads`` are what code does with entities, and ``returns`` the path of the
    objects that a function returns, and what is prefetched. ``imports`` are the names of modules,
    and of what is imported from them, with leading dots as they are written.
    """

    faults: list[tuple[int, str, str]] = field(default_factory=list)
    ignores: list[Line] = field(default_factory=list)
    declared: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    filters: list[Line] = field(default_factory=list)
    reads: tuple[Read, ...] = ()
    returns: dict[str, tuple[str, list[str]]] = field(default_factory=dict)
    imports: list[str] = field(default_factory=list)
