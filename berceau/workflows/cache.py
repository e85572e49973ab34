"""Schemas that were costly to read, kept as long as what they follow from stays the same."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from berceau.schema.codec import decode_as, encode
from berceau.schema.model import Schema
from berceau.workflows import fingerprint
from berceau.workflows.files import write

Value = TypeVar("Value")


class SchemaCache:
    """One value of each kind, a dataclass, in ``folder``; deleting the folder only costs time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, kind: str, causes: tuple[str, ...], read: Callable[[], Schema]) -> Schema:
        """Return the schema of ``kind`` that follows from ``causes``, from ``read`` if need be.

        ``causes`` are all that it depends on, the code of Berceau excepted, which always counts.
        """
        return self.get_as(Schema, kind, causes, read)

    def get_as(
        self, shape: type[Value], kind: str, causes: tuple[str, ...], read: Callable[[], Value]
    ) -> Value:
        """Do the same for a ``shape`` that is another dataclass."""
        key = fingerprint.of_texts((fingerprint.of_berceau(), *causes))
        path = self.folder / f"{kind}.json"
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            if kept["key"] == key:
                return decode_as(shape, kept["value"])
        except (OSError, ValueError, LookupError, TypeError):
            pass  # absent, or cut short: as good as stale
        value = read()
        write(path, json.dumps({"key": key, "value": encode(value)}))
        return value
