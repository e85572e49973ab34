"""How often something may be tried, for each account and from each address, over all processes."""

from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPTooManyRequests
from pyramid.interfaces import IRoutesMapper
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import EXCVIEW

from berceau.orm import db, run_unit
from berceau.web import client_address
from berceau.web.api import read_json
from berceau_accounts.addresses import canonical
from berceau_accounts.entities import AccountsThrottle
from berceau_accounts.expiry import clear_expired
from berceau_accounts.sessions import current_session
from berceau_accounts.settings import AccountsSettings

GUESS = "a guess"
MAIL = "a mail"


def _sent(request: Request) -> str | None:
    """Return the address that a program sent, in JSON.

    It is read as the API's views read it: what another reader would refuse is counted, too.
    """
    document = read_json(request)
    return _email(document.get("email")) if isinstance(document, dict) else None


def _typed(request: Request) -> str | None:
    return _email(request.POST.get("email"))


def _link(request: Request) -> str | None:
    return _text(request.params.get("token"))  # where its view finds it, too


def _own(request: Request) -> str | None:
    """Return the address of the account whose session this is: its present password is asked."""
    session = current_session(request)
    return canonical(session.user.email) if session is not None else None


def _email(value: object) -> str | None:
    text = _text(value)
    return canonical(text) if text else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


Try = tuple[str, Callable[[Request], str | None]]
"""What is tried, and whose account it is about."""

LIMITED: Mapping[str, tuple[Try, ...]] = {
    "accounts.api.delete": ((GUESS, _sent),),
    "accounts.api.reset": ((MAIL, _sent),),
    "accounts.api.sign_up": ((MAIL, _sent),),
    "accounts.api.tokens": ((GUESS, _sent),),
    "accounts.confirm": ((GUESS, _link),),
    "accounts.delete": ((GUESS, _own),),
    "accounts.email": ((GUESS, _own), (MAIL, _typed)),
    "accounts.new_password": ((MAIL, _link),),
    "accounts.password": ((GUESS, _own),),
    "accounts.reset": ((MAIL, _typed),),
    "accounts.sign_in": ((GUESS, _typed),),
    "accounts.sign_up": ((MAIL, _typed),),
    "accounts.tokens.new": ((GUESS, _own),),
}
"""The routes where passwords can be guessed or mail be sent, and what is counted there.

A page and the API count together.
"""

COUNTED = "accounts.counted"


def includeme(config: Configurator) -> None:
    """Count the tries outside of their units of work: a try that failed is undone, but counts."""
    config.add_tween(
        "berceau_accounts.throttle.throttle_tween_factory",
        under=[
            EXCVIEW,
            "berceau.web.unavailable.fitness_tween_factory",
            "berceau.web.tenants.tenant_tween_factory",  # where the project has tenants
        ],
        over="berceau.web.units.unit_of_work_tween_factory",
    )


def throttle_tween_factory(handler: Callable[[Request], Response], registry: Any) -> Any:
    """Return a tween that counts a try before it is made, and refuses what are too many.

    So tries at the same time are counted, too: it isn't looked first and counted later.
    """
    mapper = registry.getUtility(IRoutesMapper)

    def throttle_tween(request: Request) -> Response:
        if request.method == "POST" and COUNTED not in request.environ:
            route = mapper(request)["route"]
            if route is not None and route.name in LIMITED:
                request.environ[COUNTED] = True  # an attempt that is repeated is one try
                _count(request, LIMITED[route.name])
        return handler(request)

    return throttle_tween


def forget_tries(email: str) -> None:
    """Forget the guesses at the password of an account, because this is its owner."""
    throttle = AccountsThrottle.get(key=_key(GUESS, canonical(email)))
    if throttle is not None:
        throttle.delete()


def _count(request: Request, tries: tuple[Try, ...]) -> None:
    """Count a try; raises ``HTTPTooManyRequests`` where it is one too many."""
    settings = AccountsSettings.current()
    seconds = int(settings.tries_window.total_seconds())

    def count() -> int:
        limits = dict(_limits(request, tries, settings))
        clear_expired(AccountsThrottle)
        # In one order: two requests that count the same keys don't wait for each other.
        found = [(_add(key, seconds), limits[key]) for key in sorted(limits)]
        return max((wait for (tries, wait), limit in found if tries > limit), default=0)

    if wait := run_unit(count):
        raise HTTPTooManyRequests(
            f"This was tried too often. Try again in {_minutes(wait)}.",
            headers={"Retry-After": str(wait)},
        )


def _minutes(seconds: int) -> str:
    minutes = -(-seconds // 60)
    return "a minute" if minutes == 1 else f"{minutes} minutes"


def _limits(
    request: Request, tries: tuple[Try, ...], settings: AccountsSettings
) -> Iterator[tuple[str, int]]:
    for what, whom in tries:
        yield _key(what, client_address(request)), settings.tries_from_address
        found = whom(request)
        if found is not None:
            yield _key(what, found), settings.tries


def _add(key: str, seconds: int) -> tuple[int, int]:  # noqa: ARG001 - read by the SQL
    """Count one more for ``key``; return the tries and the seconds until they are forgotten."""
    cursor = db.execute(
        """
        INSERT INTO accounts_throttle AS t (key, tries, expires_at)
        VALUES ($key, 1, statement_timestamp() + $seconds * interval '1 second')
        ON CONFLICT (key) DO UPDATE SET
            tries = CASE WHEN t.expires_at < statement_timestamp() THEN 1 ELSE t.tries + 1 END,
            expires_at = CASE WHEN t.expires_at < statement_timestamp()
                THEN excluded.expires_at ELSE t.expires_at END
        RETURNING tries, ceil(extract(epoch FROM expires_at - statement_timestamp()))::int
        """
    )
    tries, wait = cursor.fetchone()
    return tries, max(1, wait)


def _key(what: str, whom: str) -> str:
    """Return a key that doesn't tell who tried."""
    return sha256(f"{what} {whom}".encode("utf-8", "backslashreplace")).hexdigest()
