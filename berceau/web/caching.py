"""What browsers and proxies may keep: static files as long as they like, a visitor's page never."""

from collections.abc import Callable
from functools import lru_cache
from hashlib import file_digest
from pathlib import Path
from typing import Any

from pyramid.config import PHASE3_CONFIG, Configurator
from pyramid.interfaces import IStaticURLInfo
from pyramid.path import AssetResolver
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import EXCVIEW

from berceau.web.registry import WITHOUT_COOKIES

FOLDERS = "berceau.static_folders"
PARAMETER = "v"
YEAR = 365 * 24 * 3600
"""How long browsers keep a file whose address has its fingerprint, in seconds."""

_DIGITS = 16


def includeme(config: Configurator) -> None:
    """Give static files addresses that change with their content, and pages their headers.

    It holds for the static views of all components. One that has a cache buster of its own, or
    a ``cache_max_age``, keeps it.
    """
    config.registry[FOLDERS] = {}
    config.action("berceau.caching", lambda: _know_static_views(config), order=PHASE3_CONFIG + 1)
    # What is sent is settled outside of this: a file that the visitor has is only named.
    config.add_tween(
        "berceau.web.caching.caching_tween_factory",
        under="berceau.web.requests.request_log_tween_factory",
        over=EXCVIEW,
    )


def _know_static_views(config: Configurator) -> None:
    info = config.registry.queryUtility(IStaticURLInfo)
    for _, spec, route in info.registrations if info else ():
        if route is not None:  # no address of another server
            config.registry[FOLDERS][route] = spec
            # First is last: those that a component adds are asked before.
            info.cache_busters.insert(0, (spec, Fingerprint(), False))


def caching_tween_factory(handler: Callable[[Request], Response], registry: Any) -> Any:
    """Return a tween that sets who may keep each response, and for how long."""
    folders: dict[str, str] = registry[FOLDERS]

    def caching_tween(request: Request) -> Response:
        response = handler(request)
        route = getattr(request, "matched_route", None)
        if route is not None and route.name in folders and response.status_code == 200:
            label(request, response, folders[route.name])
        keep_private(request, response)
        return response

    return caching_tween


class Fingerprint:
    """Adds the fingerprint of a static file's content to its address, as ``?v=``."""

    def __init__(self) -> None:
        # To find a file takes longer than all else about its address.
        self._path = lru_cache(maxsize=10_000)(_path)

    def __call__(self, _request: Request, subpath: str, kw: dict[str, Any]) -> Any:
        """Return what the address is made of; that of a file which isn't there stays as it is."""
        found = fingerprint(self._path(kw["rawspec"]))
        if found is not None:
            query = kw.get("_query") or ()
            pairs = query.items() if isinstance(query, dict) else query
            kw["_query"] = (*pairs, (PARAMETER, found))
        return subpath, kw


def _path(spec: str) -> str:
    return str(AssetResolver(None).resolve(spec).abspath())


def fingerprint(path: str) -> str | None:
    """Return a hash of the content of the file at ``path``, or ``None`` where there is none."""
    try:
        status = Path(path).stat()
        return _of_content(path, status.st_mtime_ns, status.st_size)
    except OSError:
        return None


@lru_cache(maxsize=10_000)
def _of_content(path: str, _changed: int, _size: int) -> str:
    with Path(path).open("rb") as file:
        return file_digest(file, "sha256").hexdigest()[:_DIGITS]


def label(request: Request, response: Response, folder: str) -> None:
    """Let a file of ``folder`` be kept for good where its address has its fingerprint."""
    found = fingerprint(_path(folder + "/".join(request.subpath)))
    if found is None:
        return
    response.etag = f"{found}-{response.content_encoding or 'plain'}"
    if "Cache-Control" in response.headers:
        return
    if f"{PARAMETER}={found}" in request.query_string.split("&"):
        response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    else:
        response.headers["Cache-Control"] = "public, no-cache"


def keep_private(request: Request, response: Response) -> None:
    """Let no cache give one visitor's page, with token or session, to another."""
    if request.environ.get(WITHOUT_COOKIES):
        return
    if "session" in vars(request) or hasattr(request, "csrf_token"):
        vary(response, "Cookie")
        response.cache_control.public = None
        response.cache_control.private = True


def vary(response: Response, name: str) -> None:
    """Tell caches that ``response`` depends on the request's header ``name``."""
    said = response.vary or ()
    if "*" not in said and name.lower() not in (each.lower() for each in said):
        response.vary = (*said, name)
