"""The record of the last build: the fingerprints of its inputs and of its outputs."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from berceau.workflows.shared import fingerprint
from berceau.workflows.shared.files import keep


class BuildRecord:
    """What ``path`` holds of the last build; a missing or broken file holds nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self.record = {}

    @property
    def summary(self) -> dict[str, Any]:
        """What the last build was asked to remember."""
        return dict(self.record["summary"])

    def is_fresh(self, inputs: str | None) -> bool:
        """Return whether the last build had these ``inputs``, and what it wrote is still there."""
        try:
            files = map(Path, self.record["files"])
            return bool(
                inputs is not None
                and self.record["inputs"] == inputs
                and self.record["outputs"] == fingerprint.of_files(files)
            )
        except (KeyError, TypeError):
            return False

    def save(self, inputs: str | None, outputs: Iterable[Path], summary: dict[str, Any]) -> None:
        """Record that ``inputs`` gave the files ``outputs``."""
        files = sorted(outputs)
        record = {
            "inputs": inputs,
            "outputs": fingerprint.of_files(files),
            "files": list(map(str, files)),
            "summary": summary,
        }
        keep(self.path, json.dumps(record, indent=1))
