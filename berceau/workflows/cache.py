"""Schemas that were costly to read, kept as long as what they follow from stays the same."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from berceau.schema.codec import decode_as, encode
from berceau.workflows import fingerprint
from berceau.workflows.files import write

Value = TypeVar("Value")


class SchemaCache:
    """One value of each kind, a dataclass, in ``folder``; deleting the folder only costs time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(
        self, shape: type[Value], kind: str, causes: tuple[str, ...], read: Callable[[], Value]
    ) -> Value:
        """Return the value of ``kind`` that follows from ``causes``, from ``read`` if need be.

        ``shape`` is its dataclass. ``causes`` are all that it depends on, the code of Berceau
        excepted, which always counts.
        """
        value = self.find(shape, kind, causes)
        if value is None:
            value = read()
            self.keep(kind, causes, value)
        return value

    def find(self, shape: type[Value], kind: str, causes: tuple[str, ...]) -> Value | None:
        """Return the value of ``kind`` that was kept for the same ``causes``, if one was."""
        try:
            kept = json.loads((self.folder / f"{kind}.json").read_text(encoding="utf-8"))
            return decode_as(shape, kept["value"]) if kept["key"] == _key(causes) else None
        except (OSError, ValueError, LookupError, TypeError):
            return None  # absent, or cut short: as good as stale

    def keep(self, kind: str, causes: tuple[str, ...], value: object) -> None:
        """Keep ``value``, a dataclass, as the one of ``kind`` that follows from ``causes``."""
        text = json.dumps({"key": _key(causes), "value": encode(value)})
        write(self.folder / f"{kind}.json", text)


def _key(causes: tuple[str, ...]) -> str:
    return fingerprint.of_texts((fingerprint.of_berceau(), *causes))
