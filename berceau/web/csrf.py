"""Protection from forged requests: every POST needs the token of the visitor's cookie."""

import re
from functools import lru_cache
from secrets import compare_digest
from typing import Any
from urllib.parse import urlsplit

from pyramid.config import Configurator
from pyramid.csrf import CookieCSRFStoragePolicy
from pyramid.exceptions import BadCSRFOrigin
from pyramid.interfaces import ICSRFStoragePolicy
from pyramid.request import Request
from pyramid.settings import aslist
from pyramid.util import is_same_domain
from zope.interface import implementer

from berceau.web.tenant_cookies import cookie_of, identity_of

# As Pyramid makes them. A shorter one, in a cookie that another site planted, could be guessed.
TOKEN = re.compile("[0-9a-f]{32}")


def includeme(config: Configurator) -> None:
    """Require a token of every request that changes something."""
    config.set_csrf_storage_policy(CookiePolicy())
    config.set_default_csrf_options(require_csrf=True)


@implementer(ICSRFStoragePolicy)
class CookiePolicy:
    """Keeps the token in a cookie: no secret is needed, and no server remembers it.

    Scripts can't read the cookie; one that was set over HTTPS travels over HTTPS only, and its
    prefix keeps neighbouring sites, which share a domain with this one, from setting it. Each
    tenant has a cookie of its own, so that a token of one is worth nothing at another.
    """

    def new_csrf_token(self, request: Request) -> str:
        """Set and return a new token."""
        request.csrf_token = self._policy(request).new_csrf_token(request)
        token: str = request.csrf_token
        return token

    def get_csrf_token(self, request: Request) -> str:
        """Return the visitor's token; a new one where there is none."""
        # A page asks for each of its forms; reading the cookie takes as long as a field's markup.
        if not hasattr(request, "csrf_token"):
            found = self._policy(request).get_csrf_token(request)
            if not TOKEN.fullmatch(found):
                return self.new_csrf_token(request)
            request.csrf_token = found
        token: str = request.csrf_token
        return token

    def check_csrf_token(self, request: Request, supplied_token: object) -> bool:
        """Return whether ``supplied_token`` is the visitor's; it may be a file that was sent.

        Raises ``BadCSRFOrigin`` where the form is another site's: over HTTPS, Pyramid looks itself.
        """
        if request.scheme != "https":
            check_origin(request)
        return isinstance(supplied_token, str) and compare_digest(
            self.get_csrf_token(request).encode(), supplied_token.encode(errors="backslashreplace")
        )

    def _policy(self, request: Request) -> Any:
        return policy(request.scheme == "https", identity_of(request))


@lru_cache(1000)
def policy(secure: bool, tenant: str | None) -> CookieCSRFStoragePolicy:
    """Return what keeps the tokens of ``tenant``, or those of a site without tenants."""
    return CookieCSRFStoragePolicy(
        cookie_name=cookie_of("__Host-csrf_token" if secure else "csrf_token", tenant),
        secure=secure,
        httponly=True,
        samesite="Lax",
    )


def check_origin(request: Request) -> None:
    """Raise ``BadCSRFOrigin`` where the browser sends that the form is of another site.

    A browser that doesn't send it is trusted: over HTTP, old ones don't.
    """
    origin = request.headers.get("Origin")
    if origin is None or origin.lower() == request.host_url.lower():
        return
    trusted = aslist(request.registry.settings.get("pyramid.csrf_trusted_origins", ()))
    if origin not in trusted and not any(
        is_same_domain(urlsplit(origin).netloc, each) for each in trusted
    ):
        raise BadCSRFOrigin("The form's origin is another site.")
