"""What the releases in Django and in SQLAlchemy have in common: folders, and gunicorn."""

from dataclasses import dataclass
from pathlib import Path

from .drill import Serving
from .model import Kind


@dataclass
class PeerSite:
    """A WSGI application; ``by_hand`` takes the kind's operations instead of the generated."""

    kind: Kind
    folder: Path
    python: Path
    database: dict[str, str]
    by_hand: bool = False

    def contract(self) -> None:
        """Do nothing: the tool has no such phase."""

    def serving(self, release: int, port: int) -> Serving:
        """Return how ``release`` is served at ``port``: by one process of four threads."""
        command = [
            *(str(self.python), "-m", "gunicorn", "wsgi:application", "--threads", "4"),
            *("--bind", f"127.0.0.1:{port}", "--log-level", "warning"),
        ]
        return Serving(command, self.root(release), self.database, "/ready")

    def root(self, release: int) -> Path:
        """Return the folder of ``release``."""
        return self.folder / f"release{release}"
