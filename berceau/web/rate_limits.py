"""Limits of how often a client may ask, counted in the database for all processes together."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import ip_address, ip_network
from math import ceil
from typing import Any
from urllib.parse import quote

from pyramid.config import PHASE3_CONFIG, Configurator
from pyramid.httpexceptions import HTTPTooManyRequests
from pyramid.interfaces import IRoutesMapper
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import EXCVIEW

from berceau.orm.rates import Counts, Rate
from berceau.orm.session import run_unit
from berceau.orm.tenants import current_tenant
from berceau.tenancy import Tenant
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

    @property
    def name(self) -> str:
        """What tells this limit apart in headers, which have only ASCII."""
        where = quote(self.where, safe="/:@ ")
        return f"{where} {self.rate.times}/{self.rate.seconds}s"

    @property
    def policy(self) -> str:
        """The limit, as clients read it."""
        return f'"{self.name}";q={self.rate.times};w={self.rate.seconds}'

    def key(self, client: str) -> str:
        """Return a key that doesn't tell who ``client`` is, which may be a token."""
        tenant = current_tenant()
        whose = (tenant.identity,) if isinstance(tenant, Tenant) else ()
        parts = (self.where, str(self.rate), client, *whose)
        return sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()


_Limits = list[tuple[str, RateLimit]]  # those of a request, with the keys that it is counted by


def includeme(config: Configurator) -> None:
    """Add the directive ``config.limit_rate()``."""
    config.registry[LIMITS] = []
    config.add_directive("limit_rate", limit_rate)
    # Outside of the unit of work: a request that fails is undone, but counts.
    config.add_tween(
        "berceau.web.rate_limits.rate_limit_tween_factory",
        under=[EXCVIEW, "berceau.web.unavailable.fitness_tween_factory"],
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
    """Count ``request`` at each of the ``limits`` that hold for it, and let the response tell.

    Raises ``HTTPTooManyRequests`` where one is exceeded; then it isn't counted at the others.
    """
    # In one order: two requests that are counted at the same limits don't wait for each other.
    found = sorted(_keys(request, route, limits), key=lambda each: each[0])
    if not found:
        return
    try:
        answers = run_unit(lambda: _admit(found))
    except _TooManyError as refused:
        _tell(request, found, refused.answers)
        seconds = max(answer.wait for answer in refused.answers)
        raise HTTPTooManyRequests(
            f"This was asked too often. Ask again in {seconds} s.",
            headers={"Retry-After": str(seconds)},
        ) from None
    _tell(request, found, answers)


@dataclass(frozen=True)
class _Answer:
    """What the client of a request may do by the limit ``name``, in whole seconds."""

    name: str
    wait: int
    left: int
    full: int

    def __str__(self) -> str:
        return f'"{self.name}";r={self.left};t={self.full}'


class _TooManyError(Exception):
    """A request was refused: what was counted at other limits is rolled back."""

    def __init__(self, answers: list[_Answer]) -> None:
        super().__init__()
        self.answers = answers


def _admit(found: _Limits) -> list[_Answer]:
    admissions = [(limit, limit.counts.admit(key, limit.rate)) for key, limit in found]
    clock = found[0][1].counts.end_without_waiting()
    answers = [
        _Answer(limit.name, ceil(each.wait(clock)), each.left(clock), ceil(each.full(clock)))
        for limit, each in admissions
    ]
    refused = [answer for answer in answers if answer.wait]
    if refused:
        raise _TooManyError(refused)
    return answers


def _tell(request: Request, found: _Limits, answers: list[_Answer]) -> None:
    """Let the response say what the client may do: draft-ietf-httpapi-ratelimit-headers."""
    policies = ", ".join(limit.policy for _, limit in found)
    states = ", ".join(map(str, answers))

    def label(_: Request, response: Response) -> None:
        response.headers["RateLimit-Policy"] = policies
        response.headers["RateLimit"] = states

    request.add_response_callback(label)


def _keys(
    request: Request, route: str | None, limits: list[RateLimit]
) -> Iterator[tuple[str, RateLimit]]:
    for limit in limits:
        if limit.holds_for(request.path_info, route):
            client = limit.by(request)
            if client is not None:
                yield limit.key(client), limit
