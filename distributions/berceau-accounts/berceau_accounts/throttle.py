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
from berceau_accounts.addresses import canonical
from berceau_accounts.entities import AccountsThrottle
from berceau_accounts.expiry import clear_expired
from berceau_accounts.settings import AccountsSettings

GUESS = "a guess"
MAIL = "a mail"
LIMITED = {
    "accounts.api.reset": MAIL,
    "accounts.api.sign_up": MAIL,
    "accounts.api.tokens": GUESS,
    "accounts.confirm": GUESS,
    "accounts.new_password": MAIL,
    "accounts.password": GUESS,
    "accounts.email": GUESS,
    "accounts.reset": MAIL,
    "accounts.sign_in": GUESS,
    "accounts.sign_up": MAIL,
    "accounts.tokens.new": GUESS,
}
"""The routes where passwords can be guessed or mail be sent, and what is counted there.

A page and the API count together.
"""

COUNTED = "accounts.counted"


def includeme(config: Configurator) -> None:
    """Count the tries outside of their units of work: a try that failed is undone, but counts."""
    config.add_tween(
        "berceau_accounts.throttle.throttle_tween_factory",
        under=EXCVIEW,
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
    """Forget the guesses at the password of an account, because its owner was right."""
    throttle = AccountsThrottle.get(key=_key(GUESS, canonical(email)))
    if throttle is not None:
        throttle.delete()


def _count(request: Request, what: str) -> None:
    """Count a try; raises ``HTTPTooManyRequests`` where it is one too many."""
    settings = AccountsSettings.current()
    limits = dict(_limits(request, what, settings))
    seconds = int(settings.tries_window.total_seconds())

    def count() -> int:
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


def _limits(request: Request, what: str, settings: AccountsSettings) -> Iterator[tuple[str, int]]:
    yield _key(what, client_address(request)), settings.tries_from_address
    email = _posted(request).get("email")
    if isinstance(email, str) and email.strip():
        yield _key(what, canonical(email)), settings.tries


def _posted(request: Request) -> Mapping[str, Any]:
    """Return the fields of a form or a JSON object; what is malformed, the view will refuse."""
    if not request.content_type.endswith("json"):
        fields: Mapping[str, Any] = request.POST
        return fields
    try:
        found = request.json_body
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


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
