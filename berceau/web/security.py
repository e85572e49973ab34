"""Response headers that keep a page to itself."""

from pyramid.config import Configurator
from pyramid.events import NewResponse

from berceau.web.registry import settings_of

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), "
    "payment=(), usb=()",
    # Not no-referrer: over HTTPS, Pyramid compares the referrer of a form with the site.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

# For a year, a browser that came by HTTPS once comes back by HTTPS only.
HSTS = "max-age=31536000"


def includeme(config: Configurator) -> None:
    """Put the headers on every response."""
    config.add_subscriber(add_headers, NewResponse)


def add_headers(event: NewResponse) -> None:
    """Add the headers that the view didn't set itself."""
    headers = event.response.headers
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if (
        event.request.scheme == "https"
        and not settings_of(event.request.registry.settings).development
    ):
        headers.setdefault("Strict-Transport-Security", HSTS)
