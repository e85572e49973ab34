"""Inputs: all that a composition follows from, so that the next one can be spared."""

import sys
import sysconfig
from collections.abc import Iterable, Set
from dataclasses import dataclass
from pathlib import Path

import berceau
from berceau.components import Component, by_folder
from berceau.workflows.build.input_tracking import Reads, variable
from berceau.workflows.shared import fingerprint


@dataclass(frozen=True)
class Inputs:
    """What an import of entities read besides the components' own sources.

    ``files`` are the project's modules and data, and count by content. ``modules`` lie outside of
    it, with the folders that Python looks for them in, and count by time and size, as they do for
    Python's own cache; those of the standard library count by Python's version. ``variables`` are
    names in the environment.
    """

    files: tuple[str, ...]
    modules: tuple[str, ...]
    variables: tuple[str, ...]

    def fingerprint(self, sources: str) -> str:
        """Return a hash of all inputs as they are now; ``sources`` is that of the components."""
        return fingerprint.of_texts(
            (
                sources,
                fingerprint.of_berceau(),
                sys.version,
                sys.prefix,
                repr(sys.flags),
                fingerprint.of_files(map(Path, self.files)),
                *map(fingerprint.of_state, self.modules),
                *(f"{name}={variable(name)!r}" for name in self.variables),
            )
        )

    def changed_since(self, moment: int) -> bool:
        """Return whether one of the files was written at ``moment`` or later, in ns since 1970."""
        times = (file.stat().st_mtime_ns for file in map(Path, self.files) if file.is_file())
        return any(time >= moment for time in times)


def of_sources(components: Iterable[Component]) -> str:
    """Return a hash of the Python files of ``components``, and of their names and order."""
    texts: list[str] = []
    for component in components:
        texts += component.name, component.package, fingerprint.of_files(component.sources())
    return fingerprint.of_texts(texts)


def found(components: Iterable[Component], root: Path, reads: Reads) -> Inputs:
    """Return the inputs of a composition of ``components`` that this process just made."""
    counted = {str(Path(berceau.__file__).parent), *map(str, by_folder(components))}
    modules = {
        file
        for module in list(sys.modules.values())
        if (file := getattr(module, "__file__", None))
        and not _is_within(file, counted)
        and not _is_standard(file)
    }
    data = {file for file in reads.files if not file.endswith((".py", ".pyc"))}
    own = {file for file in modules | data if _is_own(file, root)}
    places = {folder for folder in sys.path if folder and not _is_own(f"{folder}/", root)}
    return Inputs(
        files=tuple(sorted(own)),
        # A folder's time shows whether a package came or went in it.
        modules=tuple(sorted(modules - own | places)),
        variables=tuple(sorted({*reads.variables, "PYTHONPATH"})),
    )


def _is_own(file: str, root: Path) -> bool:
    return _is_within(file, {str(root)}) and "/site-packages/" not in file


def _is_standard(file: str) -> bool:
    return _is_within(file, {sysconfig.get_path("stdlib")}) and "/site-packages/" not in file


def _is_within(file: str, folders: Set[str]) -> bool:
    while folder := file.rpartition("/")[0]:
        if folder in folders:
            return True
        file = folder
    return False
