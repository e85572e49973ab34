"""Sessions: what a visitor carries from page to page, signed, and out of reach of scripts."""

from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.session import JSONSerializer, SignedCookieSessionFactory

from berceau.web.registry import SETTINGS
from berceau.web.secret import signing_secret


def includeme(config: Configurator) -> None:
    """Give ``request.session`` a signed cookie; raises ``SettingsError`` without a good secret."""
    settings = config.get_settings()[SETTINGS]
    config.set_session_factory(SessionFactory(signing_secret(settings), settings.session_timeout))


class SessionFactory:
    """Makes sessions of JSON values, 4 kB at most, signed with ``secret``.

    A session ends ``timeout`` seconds after its last use, or with the browser.
    """

    def __init__(self, secret: str, timeout: int) -> None:
        self._factories = {
            secure: SignedCookieSessionFactory(
                secret,
                # A browser takes this prefix from the site itself only, and over HTTPS.
                cookie_name="__Host-session" if secure else "session",
                secure=secure,
                httponly=True,
                samesite="Lax",
                timeout=timeout,
                reissue_time=timeout // 10,
                serializer=JSONSerializer(),
            )
            for secure in (False, True)
        }

    def __call__(self, request: Request) -> Any:
        """Return the session of ``request``."""
        return self._factories[request.scheme == "https"](request)
