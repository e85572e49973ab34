"""Values that were costly to find out, kept as long as what they follow from stays the same."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from berceau.schema.codec import decode, encode
from berceau.workflows.shared import files, fingerprint

Value = TypeVar("Value")


class SchemaCache:
    """One value of each kind, a dataclass, in ``folder``; deleting the folder only costs time.

    A file's first line is the hash of the causes, and that of the rest: what is damaged, or was
    made by other code, counts as absent. The rest is JSON: reading it can't run anything.
    """

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
            head, _, body = self._file(kind).read_bytes().partition(b"\n")
            if head != _head(causes, body):
                return None
            return decode(shape, json.loads(body))
        except (OSError, ValueError, TypeError):
            return None  # absent, or of another shape: as good as stale

    def keep(self, kind: str, causes: tuple[str, ...], value: object) -> None:
        """Keep ``value``, a dataclass, as the one of ``kind`` that follows from ``causes``.

        Where the folder can't be written, it is found out again the next time.
        """
        body = to_text(value)
        files.keep(self._file(kind), f"{_head(causes, body.encode()).decode()}\n{body}")

    def _file(self, kind: str) -> Path:
        return self.folder / f"{kind}.json"


def to_text(value: object) -> str:
    """Return ``value``, a dataclass, as text that is the same for the same value only."""
    return json.dumps(encode(value), separators=(",", ":"))


def _head(causes: tuple[str, ...], body: bytes) -> bytes:
    key = fingerprint.of_texts((fingerprint.of_berceau(), *causes))
    return f"{key} {hashlib.sha256(body).hexdigest()}".encode()
