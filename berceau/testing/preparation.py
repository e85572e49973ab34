"""What xdist's controller finds out for its workers; it needs neither Pony nor Pyramid for that."""

from pathlib import Path

from berceau.errors import BerceauError
from berceau.settings import load
from berceau.workflows import isolation


def prepare(root: Path) -> str | None:
    """Return what the workers of the project in ``root`` need to know; None: each finds out.

    What is wrong is told by the tests that need a database.
    """
    try:
        return isolation.prepare(load(root))
    except BerceauError:
        return None
