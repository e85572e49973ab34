"""Response headers that keep a page to itself."""

from pyramid.config import Configurator
from pyramid.events import NewResponse

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'",
    # Not no-referrer: over HTTPS, Pyramid compares the referrer of a form with the site.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def includeme(config: Configurator) -> None:
    """Put the headers on every response."""
    config.add_subscriber(add_headers, NewResponse)


def add_headers(event: NewResponse) -> None:
    """Add the headers that the view didn't set itself."""
    for name, value in HEADERS.items():
        event.response.headers.setdefault(name, value)
