"""What other components show on the page of an article, which knows nothing of them."""

from collections.abc import Callable
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request

from .entities import Article

Piece = Callable[[Request, Article], str]
"""Returns the HTML of a part of the page."""

PIECES = "articles.pieces"
"""Which setting of the application has the pieces, by their places."""

BUTTONS, SECTIONS = "buttons", "sections"
"""The places: beside the title, and below the text."""


def add_piece(config: Configurator, place: str, piece: Piece) -> None:
    """Show ``piece`` at a place of the page."""
    config.get_settings().setdefault(PIECES, {}).setdefault(place, []).append(piece)


def pieces_of(request: Request, article: Article) -> dict[str, list[str]]:
    """Return the HTML of all pieces, by their places."""
    found: dict[str, list[Any]] = request.registry.settings.get(PIECES, {})
    return {
        place: [piece(request, article) for piece in found.get(place, ())]
        for place in (BUTTONS, SECTIONS)
    }
