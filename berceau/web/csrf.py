"""Protection from forged requests: every POST needs the token of the visitor's cookie."""

from typing import Any

from pyramid.config import Configurator
from pyramid.csrf import CookieCSRFStoragePolicy
from pyramid.interfaces import ICSRFStoragePolicy
from pyramid.request import Request
from zope.interface import implementer


def includeme(config: Configurator) -> None:
    """Require a token of every request that changes something."""
    config.set_csrf_storage_policy(CookiePolicy())
    config.set_default_csrf_options(require_csrf=True)


@implementer(ICSRFStoragePolicy)
class CookiePolicy:
    """Keeps the token in a cookie: no secret is needed, and no server remembers it.

    Scripts can't read the cookie; one that was set over HTTPS travels over HTTPS only, and its
    prefix keeps neighbouring sites, which share a domain with this one, from setting it.
    """

    def __init__(self) -> None:
        self._policies = {
            secure: CookieCSRFStoragePolicy(
                cookie_name="__Host-csrf_token" if secure else "csrf_token",
                secure=secure,
                httponly=True,
                samesite="Lax",
            )
            for secure in (False, True)
        }

    def new_csrf_token(self, request: Request) -> str:
        """Set and return a new token."""
        request.csrf_token = self._policy(request).new_csrf_token(request)
        token: str = request.csrf_token
        return token

    def get_csrf_token(self, request: Request) -> str:
        """Return the visitor's token; a new one where there is none."""
        # A page asks for each of its forms; reading the cookie takes as long as a field's markup.
        if not hasattr(request, "csrf_token"):
            request.csrf_token = self._policy(request).get_csrf_token(request)
        token: str = request.csrf_token
        return token

    def check_csrf_token(self, request: Request, supplied_token: str) -> bool:
        """Tell whether ``supplied_token`` is the visitor's."""
        valid: bool = self._policy(request).check_csrf_token(request, supplied_token)
        return valid

    def _policy(self, request: Request) -> Any:
        return self._policies[request.scheme == "https"]
