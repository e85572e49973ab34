"""Limits of how often a client may ask, counted in the database for all processes together."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import ip_address, ip_network
from math import ceil
from typing import Any

from pyramid.config import PHASE3_CONFIG, Configurator
from pyramid.httpexceptions import HTTPTooManyRequests
from pyramid.interfaces import IRoutesMapper
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import EXCVIEW

from berceau.orm.rates import Counts, Rate
from berceau.orm.session import run_unit
from berceau.web.prefixes import full_prefix, is_below

LIMITS = "berceau.rate_limits"
COUNTED = "berceau.counted"
NETWORK = {4: 32, 6: 64}
"""How many bits of an address tell clients apart: IPv6 gives each a whole network."""


@dataclass(frozen=True)
class RateLimit:
    """A ``rate`` for each client, whom ``by`` tells apart, at a route or below a prefix."""

    where: str
    rate: Rate
    counts: Counts
    by: Callable[[Request], str | None]

    def holds_for(self, path: str, route: str | None) -> bool:
        """Return whether a request to ``path``, which ``route`` matches, is counted."""
        return is_below(path, self.where) if self.where.startswith("/") else self.where == route

    def key(self, client: str) -> str:
        """Return a key that doesn't tell who ``client`` is, which may be a token."""
        parts = (self.where, str(self.rate), client)
        return sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()


def includeme(config: Configurator) -> None:
    """Add the directive ``config.limit_rate()``."""
    config.registry[LIMITS] = []
    config.add_directive("limit_rate", limit_rate)
    # Outside of the unit of work: a request that fails is undone, but counts.
    config.add_tween(
        "berceau.web.rate_limits.rate_limit_tween_factory",
        under=[EXCVIEW, "berceau.web.unavailable.pending_migrations_tween_factory"],
        over="berceau.web.units.unit_of_work_tween_factory",
    )


def client_address(request: Request) -> str:
    """Return what the client of ``request`` is counted by: its IPv4 address, or its IPv6 network.

    That is the first 64 bits, which one client has for itself. A socket of this machine has no
    address, and its clients count as one.
    """
    address = request.remote_addr or ""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:  # a socket of this machine
        return address
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed  # how one socket serves both
    return str(ip_network((parsed, NETWORK[parsed.version]), strict=False))


def limit_rate(
    config: Configurator,
    rate: str,
    where: str,
    *,
    counts: Any,
    by: Callable[[Request], str | None] = client_address,
) -> None:
    """Answer 429 where one client asks more often than ``rate``, such as ``100/minute``.

    ``where`` is the name of a route, or a prefix of addresses such as ``/api``. ``counts`` is the
    entity whose rows count. ``by`` returns what tells clients apart; the requests for which it
    returns ``None`` are not counted. It runs before the unit of work, so it reads no rows.
    """
    place = full_prefix(config, where) if where.startswith("/") else where
    limit = RateLimit(place, Rate.parse(rate), Counts(counts), by)
    config.registry[LIMITS].append(limit)
    if not where.startswith("/"):
        config.action(None, lambda: _require_route(config, where), order=PHASE3_CONFIG + 1)


def _require_route(config: Configurator, name: str) -> None:
    mapper = config.registry.queryUtility(IRoutesMapper)
    if mapper is None or mapper.get_route(name) is None:
        raise ValueError(f"No route is called {name!r}: a prefix of addresses begins with /.")


def rate_limit_tween_factory(handler: Callable[[Request], Response], registry: Any) -> Any:
    """Return a tween that counts a request, and refuses one that is too many.

    Each request is counted before it runs, once for all its attempts.
    """
    limits: list[RateLimit] = registry[LIMITS]
    if not limits:
        return handler
    mapper = registry.queryUtility(IRoutesMapper)

    def rate_limit_tween(request: Request) -> Response:
        if COUNTED not in request.environ:
            request.environ[COUNTED] = True
            route = mapper and mapper(request)["route"]
            count(request, route and route.name, limits)
        return handler(request)

    return rate_limit_tween


def count(request: Request, route: str | None, limits: list[RateLimit]) -> None:
    """Count ``request`` at each of the ``limits`` that hold for it.

    Raises ``HTTPTooManyRequests`` where one is exceeded; then it isn't counted at the others.
    """
    # In one order: two requests that are counted at the same limits don't wait for each other.
    found = sorted(_keys(request, route, limits), key=lambda each: each[0])

    def admit() -> None:
        found[0][1].counts.commit_without_waiting()  # the unit has nothing but counts
        wait = max((limit.counts.admit(key, limit.rate) for key, limit in found), default=0)
        if wait:
            seconds = ceil(wait)
            raise HTTPTooManyRequests(
                f"This was asked too often. Ask again in {seconds} s.",
                headers={"Retry-After": str(seconds)},
            )

    if found:
        run_unit(admit)


def _keys(
    request: Request, route: str | None, limits: list[RateLimit]
) -> Iterator[tuple[str, RateLimit]]:
    for limit in limits:
        if limit.holds_for(request.path_info, route):
            client = limit.by(request)
            if client is not None:
                yield limit.key(client), limit
