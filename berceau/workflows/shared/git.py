"""What git knows: the branch that everybody shares, revisions, and their files."""

import subprocess
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from tarfile import TarError
from tarfile import open as open_archive

BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
"""Where the shared branch may be found; the first that exists is it."""


@dataclass(frozen=True)
class Revision:
    """A commit, called ``ref`` by people; ``tree`` is the hash of a folder's files in it."""

    ref: str
    commit: str
    tree: str

    def __str__(self) -> str:
        return f"{self.ref} ({self.commit[:7]})"


def shared_names(folder: Path) -> frozenset[str]:
    """Return the names in ``folder`` that the shared branch has; none where git doesn't know."""
    branch = next(_existing(folder), None)
    return names_in(folder, branch) if branch is not None else frozenset()


def names_in(folder: Path, commit: str) -> frozenset[str]:
    """Return the names in ``folder`` that ``commit`` has; none where git doesn't know."""
    listed = _git(folder, "ls-tree", "-z", "--name-only", commit) if folder.is_dir() else None
    return frozenset(name for name in (listed or "").split("\0") if name)


def shared_revision(folder: Path, file: str) -> Revision | None:
    """Return what the branch in ``folder`` has in common with the shared one, if it has ``file``.

    On the shared branch itself that is the newest commit that others have, too, or the newest of
    all where there is no remote. ``None`` where git doesn't know.
    """
    branch = next(_existing(folder), None)
    if branch is None:
        return None
    commit = _git(folder, "merge-base", branch, "HEAD")
    found = revision(folder, commit.strip(), file) if commit else None
    return Revision(branch, found.commit, found.tree) if found else None


def revision(folder: Path, ref: str, file: str) -> Revision | None:
    """Return the revision ``ref``, if it has ``file`` in ``folder``; ``None`` otherwise."""
    if ref.startswith("-"):  # no revision, but an option of git
        return None
    asked = f"{ref}^{{commit}}", f"{ref}:./", f"{ref}:./{file}"
    found = _git(folder, "rev-parse", "--quiet", *asked)
    if found is None:
        return None
    commit, tree, _ = found.split()
    return Revision(ref, commit, tree)


def revision_before(
    found: Revision, folder: Path, file: str, names: Collection[str], within: Path
) -> Revision:
    """Return the newest revision of the branch of ``found`` that lacks all ``names``.

    They are files or folders in the folder ``within``, and ``found`` itself lacks none of them:
    where git doesn't know an older one with ``file`` in ``folder``, it is returned.
    """
    options = ("--first-parent", "-m", "--diff-filter=A", "--reverse", "--format=%H")
    added = _git(within, "log", *options, found.commit, "--", *sorted(names))
    if not added:
        return found
    before = revision(folder, f"{added.split()[0]}^", file)
    return found if before is None else replace(before, ref=f"{found.ref} before {min(names)}")


def extract(folder: Path, commit: str, into: Path) -> bool:
    """Write the files that ``folder`` has in ``commit`` to ``into``; return whether that worked.

    Large files that git doesn't hold itself, and those of submodules, aren't among them.
    """
    packed = _run(folder, "archive", "--format=tar", commit)
    if packed is None:
        return False
    try:
        with open_archive(fileobj=BytesIO(packed)) as archive:
            archive.extractall(into, filter="tar")
    except (OSError, TarError):
        return False
    return True


def _existing(folder: Path) -> Iterator[str]:
    names = {f"refs/{kind}/{name}": name for kind in ("remotes", "heads") for name in BRANCHES}
    listed = _git(folder, "for-each-ref", "--format=%(refname)", *names)
    there = set((listed or "").split())
    found = {name for full, name in names.items() if full in there}
    yield from (name for name in BRANCHES if name in found)


def _git(folder: Path, *arguments: str) -> str | None:
    done = _run(folder, *arguments)
    return None if done is None else done.decode(errors="surrogateescape")


def _run(folder: Path, *arguments: str) -> bytes | None:
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - our own
    except OSError:
        return None  # no git, no knowledge
    return done.stdout if done.returncode == 0 else None
