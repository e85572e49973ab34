"""The record of the last build: hashes of all that went in, and of all that came out."""

import json
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import berceau
from berceau.components import Component, by_folder
from berceau.workflows import fingerprint
from berceau.workflows.files import write


class Stamp:
    """What ``path`` says of the last build; no file, or a broken one, says nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self.record = {}

    @property
    def summary(self) -> list[dict[str, Any]]:
        """What the last build was asked to remember."""
        return list(self.record["summary"])

    def is_fresh(self, components: Iterable[Component]) -> bool:
        """Say whether a build of ``components`` would read and write what the last one did."""
        try:
            others = map(Path, self.record["others"])
            files = map(Path, self.record["files"])
            return bool(
                self.record["inputs"] == _hash_inputs(components, others)
                and self.record["outputs"] == fingerprint.of_files(files)
            )
        except (KeyError, TypeError):
            return False

    def save(
        self,
        components: Iterable[Component],
        outputs: Iterable[Path],
        summary: list[dict[str, Any]],
    ) -> None:
        """Record that ``components``, as imported in this process, gave ``outputs``."""
        others = sorted(_other_modules(components, self.path.parent.parent))
        files = sorted(outputs)
        record = {
            "inputs": _hash_inputs(components, others),
            "others": list(map(str, others)),
            "outputs": fingerprint.of_files(files),
            "files": list(map(str, files)),
            "summary": summary,
        }
        write(self.path, json.dumps(record, indent=1))


def _other_modules(components: Iterable[Component], root: Path) -> Iterator[Path]:
    """Yield the project's modules outside of its components that the entities imported."""
    known = {Path(berceau.__file__).parent, *by_folder(components)}
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    for path in map(Path, filter(None, files)):
        own = root in path.parents and "site-packages" not in path.parts
        if own and known.isdisjoint(path.parents):
            yield path


def _hash_inputs(components: Iterable[Component], others: Iterable[Path]) -> str:
    texts = [sys.version, version("pony"), fingerprint.of_berceau(), fingerprint.of_files(others)]
    for component in components:
        texts += component.name, component.package, fingerprint.of_files(component.sources())
    return fingerprint.of_texts(texts)
