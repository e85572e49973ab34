"""The documentation of a project's schema: its files in a format, written or compared."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from berceau.errors import BerceauError, Location
from berceau.settings import Settings
from berceau.workflows.describe.describing import describe
from berceau.workflows.describe.description import Description
from berceau.workflows.document import dbml, markdown, mermaid, plain, site
from berceau.workflows.document.marks import MARK
from berceau.workflows.shared.files import holds, write

FORMATS: Mapping[str, Callable[[Description, Collection[str]], Mapping[str, str]]] = {
    "html": site.files,
    "md": markdown.files,
    "mermaid": lambda description, _: mermaid.files(description),
    "dbml": lambda description, _: dbml.files(description),
    "json": lambda description, _: plain.files(description),
}
"""What makes the files of each format, by their paths; pages link to those of the APIs, too."""
FOLDER = Path("docs", "schema")
"""Where the files are, from the project's folder, unless another is given."""


@dataclass(frozen=True)
class Documentation:
    """The ``files`` of a documentation, by their paths in ``folder``; it has so many ``tables``."""

    folder: Path
    files: Mapping[str, str]
    tables: int

    @property
    def stale(self) -> tuple[str, ...]:
        """The files that differ on disk, are missing, or were written once and are no part now."""
        changed = {name for name, text in self.files.items() if not holds(self.folder / name, text)}
        return tuple(sorted(changed | self._left()))

    def write(self) -> tuple[str, ...]:
        """Write the files that differ, remove those that are left, and return their names.

        A file of the same name that this command didn't write is kept: raises ``BerceauError``
        before anything is written.
        """
        stale = self.stale
        for name in stale:
            path = self.folder / name
            if path.exists() and not _is_ours(path):
                raise BerceauError(
                    f"{path} was written by something else than `invoke docs`.",
                    where=Location(file=path),
                    cure="Choose another folder: --output DIR.",
                )
        for name in stale:
            if name in self.files:
                write(self.folder / name, self.files[name])
            else:
                (self.folder / name).unlink(missing_ok=True)
        return stale

    def _left(self) -> set[str]:
        """Return the files that an earlier run wrote, for what isn't there any more."""
        kinds = {Path(name).suffix for name in self.files}
        found = (path for kind in kinds for path in self.folder.rglob(f"*{kind}"))
        left = (path for path in found if path.is_file() and _is_ours(path))
        return {path.relative_to(self.folder).as_posix() for path in left} - self.files.keys()


def document(
    settings: Settings, kind: str, folder: Path, apis: Mapping[str, Mapping[str, Any]]
) -> Documentation:
    """Return the documentation of a project in the format ``kind``, which belongs into ``folder``.

    ``apis`` are the OpenAPI documents of its routes, by their paths. Raises ``BerceauError`` for
    an unknown format, and what ``describe`` raises.
    """
    if kind not in FORMATS:
        raise BerceauError(
            f"There is no format {kind!r}.", cure=f"Choose one of {', '.join(FORMATS)}."
        )
    description = describe(settings)
    documents = plain.apis(apis)
    files = {**FORMATS[kind](description, documents), **documents}
    return Documentation(folder, files, len(description.tables))


def _is_ours(path: Path) -> bool:
    """Return whether ``path`` bears the mark in its first lines."""
    try:
        with path.open("rb") as file:
            return MARK.encode() in file.read(400)
    except OSError:
        return False
