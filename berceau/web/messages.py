"""Messages: what a page shows a visitor once, of what the request before it did."""

from collections.abc import Sequence
from typing import Any

from pyramid.config import Configurator
from pyramid.interfaces import ISessionFactory
from pyramid.request import Request

from berceau.web.registry import WITHOUT_COOKIES


def includeme(config: Configurator) -> None:
    """Add ``request.flash(text)``, and ``request.messages``, which the layout shows."""
    config.add_request_method(flash)
    config.add_request_method(messages, reify=True)


def flash(request: Request, text: str) -> None:
    """Let the next page show ``text``; without a session, nothing does."""
    if _sessions(request) is not None and not request.environ.get(WITHOUT_COOKIES):
        request.session.flash(text)


def messages(request: Request) -> Sequence[str]:
    """Return the texts to show, and forget them.

    Where the visitor brought no session, none is opened: it would keep the page from caches.
    """
    factory = _sessions(request)
    carried = getattr(factory, "is_carried_by", _has_cookies)
    if factory is None or not carried(request):
        return ()
    session = request.session
    # A look changes nothing; taking something out sets the cookie again.
    return list(session.pop_flash()) if session.peek_flash() else ()


def _sessions(request: Request) -> Any:
    return request.registry.queryUtility(ISessionFactory)


def _has_cookies(request: Request) -> bool:
    """Return whether a session may have come along, where the application made its own kind."""
    return bool(request.cookies)
