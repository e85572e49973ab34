"""What xdist's controller finds out for its workers; it needs neither Pony nor Pyramid for that."""

from pathlib import Path

from berceau.errors import BerceauError, SettingsError
from berceau.settings import load
from berceau.workflows import isolation


def prepare(root: Path, kind: str) -> str | None:
    """Return what the workers of the project in ``root`` need to know; None: each finds out.

    ``kind`` is what ``isolation_called`` takes. What is wrong is told by the tests that need a
    database.
    """
    try:
        return isolation.prepare(load(root), isolation_called(kind))
    except BerceauError:
        return None


def isolation_called(name: str) -> isolation.Isolation:
    """Return the isolation that pytest's setting ``name`` means. Raises ``SettingsError``."""
    try:
        return isolation.Isolation(name or isolation.Isolation.SCHEMA)
    except ValueError:
        raise SettingsError(
            f"berceau_isolation is {name!r}, in pytest's settings.",
            cure=f"Use {' or '.join(isolation.Isolation)}.",
        ) from None
