"""The project that a command works on: the folder of the nearest ``tasks.py``."""

import json
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from invoke.exceptions import Exit

from berceau import settings as reader
from berceau.settings import Settings


def load() -> Settings:
    """Return the settings of the project around the current folder."""
    return reader.load(reader.find_root(Path.cwd()))


def say(line: str) -> None:
    """Print one line for a person.

    Where its reader has ended, as in ``| head -1``, the command ends, too, as if by SIGPIPE.
    """
    try:
        print(line, flush=True)
    except BrokenPipeError:
        # Python flushes once more as it ends, and would print an error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise Exit(code=128 + signal.SIGPIPE) from None


def print_json(value: Any) -> None:
    """Print ``value``, a dataclass or plain data, as one JSON document."""
    data = value if isinstance(value, dict | list) else asdict(value)
    say(json.dumps(data, indent=2, default=str))


def after_dashes() -> list[str]:
    """Return what follows ``--`` on the command line, which is for another program."""
    return sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else []
