"""The project that a command works on: the folder of the nearest ``tasks.py``."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from berceau import settings as reader
from berceau.settings import Settings


def load() -> Settings:
    """Return the settings of the project around the current folder."""
    return reader.load(reader.find_root(Path.cwd()))


def say(line: str) -> None:
    """Print one line for a person."""
    print(line, flush=True)


def print_json(value: Any) -> None:
    """Print ``value``, a dataclass or plain data, as one JSON document."""
    data = value if isinstance(value, dict | list) else asdict(value)
    print(json.dumps(data, indent=2, default=str))
