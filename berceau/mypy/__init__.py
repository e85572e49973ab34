"""The plugin for mypy: what entities take, and what keys give; ``plugins = ["berceau.mypy"]``.

Stubs can have overloads for each entity, of which mypy doesn't choose a constructor, and which take
it long. So the stubs that ``invoke build`` writes hold definitions of what constructors, ``set()``
and ``get()`` take, and this plugin makes signatures of them. And ``post = DemoPost[key]`` is the
definition of a type to mypy, unless the key is given to ``DemoPost.__getitem__``.

``keys`` changes a file before mypy reads it, ``rows`` completes the classes of entities, and
``hooks`` types each use of them. This module imports neither, as those who serve may lack mypy.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy.plugin import Plugin


def plugin(_version: str) -> type[Plugin]:
    """Return the plugin, as mypy asks for it."""
    from berceau.mypy.hooks import BerceauPlugin

    return BerceauPlugin


def _fingerprint(folder: Path) -> str:
    texts = (path.read_bytes() for path in sorted(folder.glob("*.py")))
    return sha256(b"\0".join(texts)).hexdigest()


# mypy drops what it cached if this changed, or this file: of the others it knows nothing.
__version__ = _fingerprint(Path(__file__).parent)
