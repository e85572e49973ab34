"""Sessions: what a visitor carries from page to page, signed, and out of reach of scripts."""

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.session import JSONSerializer, SignedCookieSessionFactory
from pyramid.tweens import MAIN

from berceau.web.registry import settings_of
from berceau.web.secret import signing_secret
from berceau.web.tenant_cookies import cookie_of, identity_of

# What a cookie of 4 kB has room for, beside the signature and the times.
LARGEST = 2900

# A browser takes this prefix from the site itself only, and over HTTPS.
# For so many tenants, what makes their sessions is kept.
MOST = 1000
WHOSE = "berceau.tenant"

COOKIES = {False: "session", True: "__Host-session"}


def includeme(config: Configurator) -> None:
    """Give ``request.session`` a signed cookie; raises ``SettingsError`` without a good secret."""
    settings = settings_of(config.get_settings())
    config.set_session_factory(SessionFactory(signing_secret(settings), settings.session_timeout))
    config.add_tween(
        "berceau.web.sessions.session_size_tween_factory",
        under="berceau.web.units.unit_of_work_tween_factory",
        over=MAIN,
    )


def session_size_tween_factory(handler: Callable[[Request], Response], _registry: Any) -> Any:
    """Return a tween that refuses a session that no cookie holds, while all can still be undone.

    Pyramid notices only when the request's unit of work is committed. Raises ``ValueError``, or
    ``TypeError`` for a value that isn't JSON's.
    """

    def session_size_tween(request: Request) -> Response:
        response = handler(request)
        session = vars(request).get("session")  # most requests don't use it
        size = len(json.dumps(session)) if session else 0
        if size > LARGEST:
            raise ValueError(f"The session has {size} bytes: its cookie holds {LARGEST}.")
        return response

    return session_size_tween


def is_own(request: Request, tenant: str) -> bool:
    """Return whether the session that the choice of a tenant looked at may be used there.

    ``tenant`` is its identity. Such a session is that of no tenant by its name and signature. So it
    is the first one's that is chosen while there is something in it; at another, it is made empty.
    """
    session = vars(request).get("session")
    if session is None or session.get(WHOSE, tenant) == tenant:
        return True
    session.invalidate()
    return False


def claim(request: Request, tenant: str) -> None:
    """Keep the session that the choice of the ``tenant`` looked at from being used at another."""
    session = vars(request).get("session")
    if session and WHOSE not in session:
        session[WHOSE] = tenant


class SessionFactory:
    """Makes sessions of JSON values, ``LARGEST`` bytes at most, signed with ``secret``.

    A session ends ``timeout`` seconds after its last use, or with the browser. Each tenant has its
    own: a cookie of another name, whose signature is worth nothing at another tenant.
    """

    def __init__(self, secret: str, timeout: int) -> None:
        self._secret = secret
        self._timeout = timeout
        self._factory = lru_cache(MOST)(self._make)

    def __call__(self, request: Request) -> Any:
        """Return the session of ``request``."""
        return self._factory(request.scheme == "https", identity_of(request))(request)

    def is_carried_by(self, request: Request) -> bool:
        """Return whether the browser sent a session, without opening it."""
        name = COOKIES[request.scheme == "https"]
        return cookie_of(name, identity_of(request)) in request.cookies

    def _make(self, secure: bool, tenant: str | None) -> Callable[[Request], Any]:
        made: Callable[[Request], Any] = SignedCookieSessionFactory(
            self._secret,
            cookie_name=cookie_of(COOKIES[secure], tenant),
            salt=cookie_of("pyramid.session.", tenant),
            secure=secure,
            httponly=True,
            samesite="Lax",
            timeout=self._timeout,
            reissue_time=self._timeout // 10,
            serializer=JSONSerializer(),
            # Like what it did to the database, what a failed request put here is undone.
            set_on_exception=False,
        )
        return made
