"""What browsers and proxies may keep: static files as long as they like, a visitor's page never."""

from collections.abc import Callable
from functools import lru_cache
from hashlib import file_digest
from pathlib import Path
from typing import Any

from pyramid.config import PHASE3_CONFIG, Configurator
from pyramid.events import NewResponse
from pyramid.interfaces import IStaticURLInfo
from pyramid.path import AssetResolver
from pyramid.request import Request
from pyramid.response import Response
from pyramid.static import QueryStringCacheBuster

PARAMETER = "v"
YEAR = 365 * 24 * 3600
"""How long browsers keep a file whose address tells its content, in seconds."""

_DIGITS = 16


def includeme(config: Configurator) -> None:
    """Give static files addresses that change with their content, and pages their headers.

    It holds for the static views of all components. One that has a cache buster of its own, or
    a ``cache_max_age``, keeps it.
    """
    folders: dict[str, str] = {}

    def know_static_views() -> None:
        info = config.registry.queryUtility(IStaticURLInfo)
        for _, spec, route in info.registrations if info else ():
            if route is not None:  # no address of another server
                folders[route] = spec
                # First is last: those that a component adds are asked before.
                info.cache_busters.insert(0, (spec, Fingerprint(PARAMETER), False))

    config.action("berceau.caching", know_static_views, order=PHASE3_CONFIG + 1)
    config.add_subscriber(_labels_static_files(folders), NewResponse)
    config.add_subscriber(keep_private, NewResponse)


class Fingerprint(QueryStringCacheBuster):
    """Adds the fingerprint of a static file's content to its address, as ``?v=``."""

    def __call__(self, request: Request, subpath: str, kw: dict[str, Any]) -> Any:
        """Return what the address is made of; that of a file which isn't there stays as it is."""
        if fingerprint(kw["rawspec"]) is None:
            return subpath, kw
        return super().__call__(request, subpath, kw)

    def tokenize(self, _request: Request, _subpath: str, kw: dict[str, Any]) -> str | None:
        """Return the fingerprint of the file."""
        return fingerprint(kw["rawspec"])


def fingerprint(spec: str) -> str | None:
    """Return what tells the content of the asset ``spec``, or ``None`` where there is no file."""
    path = AssetResolver(None).resolve(spec).abspath()
    try:
        status = Path(path).stat()
        return _digest(path, status.st_mtime_ns, status.st_size)
    except OSError:
        return None


@lru_cache(maxsize=10_000)
def _digest(path: str, _changed: int, _size: int) -> str:
    with Path(path).open("rb") as file:
        return file_digest(file, "sha256").hexdigest()[:_DIGITS]


def _labels_static_files(folders: dict[str, str]) -> Callable[[NewResponse], None]:
    def label(event: NewResponse) -> None:
        """Let a file be kept for good where its address tells its content."""
        request, response = event.request, event.response
        route = getattr(request, "matched_route", None)
        if route is None or route.name not in folders or response.status_code != 200:
            return
        found = fingerprint(folders[route.name] + "/".join(request.subpath))
        if found is None:
            return
        response.etag = f"{found}-{response.content_encoding or 'plain'}"
        if "Cache-Control" in response.headers:
            return
        if f"{PARAMETER}={found}" in request.query_string.split("&"):
            response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
        else:
            response.headers["Cache-Control"] = "public, no-cache"

    return label


def keep_private(event: NewResponse) -> None:
    """Let no cache give one visitor's page, with token or session, to another."""
    request, response = event.request, event.response
    if "session" in vars(request) or hasattr(request, "csrf_token"):
        _vary(response, "Cookie")
        response.cache_control.public = None
        response.cache_control.private = True


def _vary(response: Response, name: str) -> None:
    said = response.vary or ()
    if "*" not in said and name.lower() not in (each.lower() for each in said):
        response.vary = (*said, name)
