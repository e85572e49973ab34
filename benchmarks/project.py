"""A project of any size to measure on: generated components of two entities and an enum each."""

import os
from pathlib import Path
from textwrap import dedent

ENTITIES = '''
"""Notebooks and notes of component {number}."""

from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID, uuid4

from pony.orm import LongStr, Optional, PrimaryKey, Required, Set

from berceau.orm import db


class C{number}Status(StrEnum):
    DRAFT = "DRAFT"
    DONE = "DONE"


class C{number}Notebook(db.Entity):
    id = PrimaryKey(UUID, default=uuid4)
    name = Required(str, 100, unique=True)
    created_at = Required(datetime, default=lambda: datetime.now(UTC))
    notes = Set("C{number}Note", cascade_delete=True)


class C{number}Note(db.Entity):
    id = PrimaryKey(UUID, default=uuid4)
    title = Required(str, 200)
    content = Optional(LongStr)
    status = Required(C{number}Status, default=C{number}Status.DRAFT)
    notebook = Required(C{number}Notebook, index=True)
    created_at = Required(datetime, default=lambda: datetime.now(UTC))
'''

TASKS = '''
"""The project's commands."""

from berceau.tasks import namespace

__all__ = ["namespace"]
'''


def plain_environment() -> dict[str, str]:
    """Return the environment without what keeps Python from caching bytecode, as it does at home.

    Otherwise a tool that is installed from a wheel, with its bytecode, would be at an advantage.
    """
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def generate(root: Path, components: int) -> None:
    """Write a project with that many ``components`` into the empty folder ``root``."""
    write(root / "tasks.py", TASKS)
    write(root / "components" / "__init__.py", '"""Generated components."""\n')
    for number in range(components):
        folder = root / "components" / f"c{number:03}"
        write(folder / "__init__.py", f'"""Component {number}."""\n')
        write(folder / "entities.py", ENTITIES.format(number=f"{number:03}"))


def write(path: Path, text: str) -> None:
    """Write a file, dedented, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
