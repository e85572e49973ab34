"""Which names the site answers to: a made-up Host header would end up in links and redirects."""

import re
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPBadRequest
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import EXCVIEW

from berceau.web.registry import settings_of

HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[^:\[\]/@\\?#\s]+)(:[0-9]{1,5})?")
ANY = "*"
THIS_MACHINE = ("localhost", ".localhost")


def includeme(config: Configurator) -> None:
    """Refuse requests for any host that ``berceau.hosts`` doesn't list."""
    config.add_tween(
        "berceau.web.hosts.host_tween_factory",
        under=EXCVIEW,
        over="berceau.web.unavailable.fitness_tween_factory",
    )


def host_tween_factory(handler: Callable[[Request], Response], registry: Any) -> Any:
    """Return a tween that answers a request for an unknown host with the status 400."""
    settings = settings_of(registry.settings)
    hosts = settings.hosts or (THIS_MACHINE if settings.development else ())

    def host_tween(request: Request) -> Response:
        name = host_name(request)
        if name is None or not (
            ANY in hosts or is_listed(name, hosts) or (settings.development and _is_address(name))
        ):
            raise HTTPBadRequest("This site has another name.")
        # Case means nothing in it; what compares it, such as the choice of a tenant, needn't know.
        request.host = request.host.lower()
        return handler(request)

    return host_tween


def host_name(request: Request) -> str | None:
    """Return the name that ``request`` is for, without the port; ``None`` for what is no name."""
    found = HOST.fullmatch(request.host.lower())
    return found["name"] if found else None


def is_listed(name: str, hosts: tuple[str, ...]) -> bool:
    """Return whether ``hosts`` hold ``name``, or a domain like ``.example.org`` that it is in."""
    return any(name == host or (host.startswith(".") and name.endswith(host)) for host in hosts)


def _is_address(name: str) -> bool:
    """Return whether ``name`` is an IP address, which no other site can point at this machine."""
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
