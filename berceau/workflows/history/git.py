"""What git knows of the branch that everybody shares."""

import subprocess
from pathlib import Path

BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
"""Where the shared branch may be found; the first that exists is it."""


def shared_names(folder: Path) -> frozenset[str]:
    """Return the names in ``folder`` that the shared branch has; none where git doesn't know."""
    for branch in BRANCHES:
        listed = _git(folder, "ls-tree", "--name-only", branch)
        if listed is not None:
            return frozenset(listed.split())
    return frozenset()


def _git(folder: Path, *arguments: str) -> str | None:
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    except OSError:
        return None  # no git, no knowledge
    return done.stdout if done.returncode == 0 else None
