"""Schemas that were costly to read, kept as long as what they follow from stays the same."""

import json
from collections.abc import Callable
from pathlib import Path

from berceau.schema.codec import decode, encode
from berceau.schema.model import Schema
from berceau.workflows import fingerprint
from berceau.workflows.files import write


class SchemaCache:
    """One schema of each kind, in ``folder``; deleting the folder only costs time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, kind: str, causes: tuple[str, ...], read: Callable[[], Schema]) -> Schema:
        """Return the schema of ``kind`` that follows from ``causes``, from ``read`` if need be.

        ``causes`` are all that it depends on, the code of Berceau excepted, which always counts.
        """
        key = fingerprint.of_texts((fingerprint.of_berceau(), *causes))
        path = self.folder / f"{kind}.json"
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            if kept["key"] == key:
                return decode(kept["schema"])
        except (OSError, ValueError, LookupError, TypeError):
            pass  # absent, or cut short: as good as stale
        schema = read()
        write(path, json.dumps({"key": key, "schema": encode(schema)}))
        return schema
