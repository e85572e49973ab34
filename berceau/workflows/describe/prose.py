"""Docstrings and comments as a page shows them: paragraphs, and what is code in them."""

from collections.abc import Sequence
from typing import NamedTuple


class Piece(NamedTuple):
    """A part of a paragraph; ``is_code`` where it stood in backticks."""

    is_code: bool
    text: str


def paragraphs(text: str) -> Sequence[Sequence[Piece]]:
    """Return the paragraphs of ``text``, each as its pieces."""
    parts = (part.strip() for part in text.split("\n\n"))
    return [_pieces(part) for part in parts if part]


def _pieces(text: str) -> Sequence[Piece]:
    parts = text.replace("``", "`").split("`")
    if len(parts) % 2 == 0:  # one was opened, and never closed
        return [Piece(False, text)]
    return [Piece(at % 2 == 1, part) for at, part in enumerate(parts) if part]
