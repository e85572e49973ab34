"""Sessions: what a visitor carries from page to page, signed, and out of reach of scripts."""

import json
from collections.abc import Callable
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.session import JSONSerializer, SignedCookieSessionFactory
from pyramid.tweens import MAIN

from berceau.web.registry import settings_of
from berceau.web.secret import signing_secret

# What a cookie of 4 kB has room for, beside the signature and the times.
LARGEST = 2900

# A browser takes this prefix from the site itself only, and over HTTPS.
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


class SessionFactory:
    """Makes sessions of JSON values, ``LARGEST`` bytes at most, signed with ``secret``.

    A session ends ``timeout`` seconds after its last use, or with the browser.
    """

    def __init__(self, secret: str, timeout: int) -> None:
        self._factories = {
            secure: SignedCookieSessionFactory(
                secret,
                cookie_name=COOKIES[secure],
                secure=secure,
                httponly=True,
                samesite="Lax",
                timeout=timeout,
                reissue_time=timeout // 10,
                serializer=JSONSerializer(),
                # Like what it did to the database, what a failed request put here is undone.
                set_on_exception=False,
            )
            for secure in (False, True)
        }

    def __call__(self, request: Request) -> Any:
        """Return the session of ``request``."""
        return self._factories[request.scheme == "https"](request)

    def is_carried_by(self, request: Request) -> bool:
        """Return whether the browser sent a session, without opening it."""
        return COOKIES[request.scheme == "https"] in request.cookies
