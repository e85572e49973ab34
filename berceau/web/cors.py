"""CORS: scripts of which other sites a browser lets read the answers of an API."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import EXCVIEW

from berceau.web.caching import vary
from berceau.web.prefixes import full_prefix, is_below

CORS = "berceau.cors"
ANY = "*"
METHODS = "DELETE, GET, HEAD, PATCH, POST, PUT"
SENT = ("Authorization", "Content-Type", "If-Match", "If-None-Match", "X-Request-ID")
READ = (
    "ETag, Link, Location, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, X-Request-ID"
)
KEPT = 3600
"""How long a browser may keep the answer to its question, in seconds."""


@dataclass(frozen=True)
class Policy:
    """The ``origins`` whose scripts may use what is below ``prefix``, with ``headers``."""

    prefix: str
    origins: frozenset[str]
    headers: str

    def allowed(self, origin: str) -> str | None:
        """Return the value of Access-Control-Allow-Origin for ``origin``."""
        if ANY in self.origins:
            return ANY
        return origin if origin in self.origins else None


def includeme(config: Configurator) -> None:
    """Add the directive ``config.allow_origins()``."""
    config.registry[CORS] = []
    config.add_directive("allow_origins", allow_origins)
    # Outside of the exception views: a script is to read errors, too.
    config.add_tween(
        "berceau.web.cors.cors_tween_factory",
        under="berceau.web.token_apis.token_api_tween_factory",
        over=EXCVIEW,
    )


def allow_origins(
    config: Configurator, *origins: str, prefix: str, headers: tuple[str, ...] = ()
) -> None:
    """Let scripts of ``origins`` use what is below ``prefix``.

    An origin is as ``https://shop.example.org``; ``*`` stands for any. ``headers`` are
    request headers that they send beside the usual ones. Browsers send no
    cookies with such requests: they are for token APIs.
    """
    for origin in origins:
        check_origin(origin)
    policy = Policy(
        full_prefix(config, prefix),
        frozenset(origin.lower() for origin in origins),
        ", ".join((*SENT, *headers)),
    )
    config.registry[CORS].append(policy)


def check_origin(origin: str) -> None:
    """Raise ``ValueError`` where ``origin`` isn't as browsers write it."""
    scheme, _, host = origin.partition("://")
    if origin != ANY and (scheme not in {"http", "https"} or not host or {*"/*?#@ "} & {*host}):
        raise ValueError(
            f"{origin!r} is no origin: write it as https://shop.example.org, without a path, or * "
            "for any."
        )


def cors_tween_factory(handler: Callable[[Request], Response], registry: Any) -> Any:
    """Return a tween that answers what browsers ask before a request, and marks the answers."""
    policies: list[Policy] = registry[CORS]
    if not policies:
        return handler

    def cors_tween(request: Request) -> Response:
        path = request.environ.get("PATH_INFO", "")
        policy = next((each for each in policies if is_below(path, each.prefix)), None)
        if policy is None:
            return handler(request)
        allowed = policy.allowed(request.headers.get("Origin", "").lower())
        is_question = "Access-Control-Request-Method" in request.headers
        if allowed and request.method == "OPTIONS" and is_question:
            response = answered(policy)
        else:
            response = handler(request)
        if ANY not in policy.origins:
            vary(response, "Origin")
        if allowed and "Origin" in request.headers:
            response.headers["Access-Control-Allow-Origin"] = allowed
            response.headers["Access-Control-Expose-Headers"] = READ
        return response

    return cors_tween


def answered(policy: Policy) -> Response:
    """Return the answer to a browser's question: what scripts may send."""
    return Response(
        status=204,
        headers={
            "Access-Control-Allow-Methods": METHODS,
            "Access-Control-Allow-Headers": policy.headers,
            "Access-Control-Max-Age": str(KEPT),
        },
    )
