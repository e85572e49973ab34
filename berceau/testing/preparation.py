"""What xdist's controller finds out for its workers; it needs neither Pony nor Pyramid for that."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from berceau.errors import SettingsError
from berceau.settings import load
from berceau.workflows.testing import isolation


def begin(root: Path, kind: str, allowed: Sequence[str]) -> Future[str]:
    """Begin to find out, in a thread, what the workers of the project in ``root`` need to know.

    ``kind`` is what ``isolation_called`` takes, ``allowed`` what may lead to the source of a copy.
    """
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="berceau-prepare")
    found = pool.submit(lambda: isolation.prepare(load(root), isolation_called(kind), allowed))
    pool.shutdown(wait=False)
    return found


def isolation_called(name: str) -> isolation.Isolation:
    """Return the isolation that pytest's setting ``name`` means. Raises ``SettingsError``."""
    try:
        return isolation.Isolation(name or isolation.Isolation.AUTO)
    except ValueError:
        raise SettingsError(
            f"berceau_isolation is {name!r}, in pytest's settings.",
            cure="Use auto, database or schema.",
        ) from None
