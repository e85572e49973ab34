"""Who may use the console: requests of all its pages pass here before anything is looked up."""

import logging
import secrets
from dataclasses import dataclass
from ipaddress import ip_address
from secrets import compare_digest
from typing import Any

from pyramid.httpexceptions import HTTPForbidden, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from berceau.settings import Settings
from berceau.web.hosts import THIS_MACHINE, host_name, is_listed
from berceau.web.problems import Problem, ProblemError, answer
from berceau.web.registry import CONSOLE_PREFIX

log = logging.getLogger("berceau.console")

GUARD = "berceau.console.guard"
PERMISSION = "berceau.console"
"""What the application's security policy is asked for in production."""

TOKEN = secrets.token_urlsafe(32)
"""What opens the console on a developer's machine: another one at each start of the server.

It is made where this module is imported, once. With ``--reload`` the process that watches has done
that before it forks, so a change of the code keeps the developer's cookie valid.
"""

PARAMETER = "token"
SAFE = {"GET", "HEAD"}
OWN = {"same-origin", "none"}
"""What browsers send as ``Sec-Fetch-Site`` for a page of the console, or for a typed address."""

ENTRANCE = "berceau.console:templates/entrance.pt"


@dataclass(frozen=True)
class Guard:
    """Decides about each request to the console of a project with these ``settings``.

    On a developer's machine, ``token`` opens it: see ``TOKEN``.
    """

    settings: Settings
    token: str = TOKEN

    def check(self, request: Request) -> Response | None:
        """Return ``None`` for who may go on, or how to get in.

        Raises ``ProblemError`` where the request comes from another machine, for another name or
        from another site, and ``HTTPForbidden`` where its sender lacks the permission.
        """
        require_own_site(request)
        if not self.settings.development:
            require_permission(request)
            return None
        require_this_machine(request)
        require_own_name(request, self.settings)
        return self._check_token(request)

    def _check_token(self, request: Request) -> Response | None:
        given = request.GET.get(PARAMETER)
        if given is not None and request.method in SAFE and self._is_token(given):
            return self._let_in(request)
        if self._is_token(request.cookies.get(cookie_name(request), "")):
            return None
        problem = Problem(
            403,
            "The console is locked",
            "Open the link that the server printed when it started: it lets this browser in.",
        )
        values = {"again": request.script_name + CONSOLE_PREFIX, "wrong": given is not None}
        return answer(request, problem, ENTRANCE, values)

    def _is_token(self, text: str) -> bool:
        return compare_digest(text.encode(errors="backslashreplace"), self.token.encode())

    def _let_in(self, request: Request) -> Response:
        """Return the way to the page without the token, which history and screens would show."""
        response = HTTPSeeOther(request.path)
        response.set_cookie(
            cookie_name(request),
            self.token,
            path=request.script_name + CONSOLE_PREFIX,
            httponly=True,
            samesite="Strict",
            secure=request.scheme == "https",
        )
        return response


def cookie_name(request: Request) -> str:
    """Return the cookie's name; servers on other ports of a machine share its cookies."""
    return f"berceau_console_{request.host_port}"


def require_this_machine(request: Request) -> None:
    """Refuse a client on another machine; what a proxy forwards has no loopback address, either."""
    address = (request.environ.get("REMOTE_ADDR") or "").partition("%")[0]
    if not _is_loopback(address):
        _refuse(
            request,
            f"the client {address or 'without an address'} is on another machine",
            "The console answers only browsers on the machine that the server runs on.",
        )


def require_own_name(request: Request, settings: Settings) -> None:
    """Refuse a name that isn't this machine's: another site may have pointed its own here."""
    name = host_name(request) or ""
    if not (_is_loopback(name.strip("[]")) or is_listed(name, (*THIS_MACHINE, *settings.hosts))):
        _refuse(
            request,
            f"the host {request.host} isn't this machine's name",
            "The console answers at localhost, and at the names in berceau.hosts.",
        )


def require_own_site(request: Request) -> None:
    """Refuse what another site's page sends, but for a link that is followed here.

    A page that is read changes nothing, and browsers show no other site what it holds. A change
    has to say where it comes from, as all browsers do since 2023.
    """
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    is_safe = request.method in SAFE
    is_link = is_safe and request.headers.get("Sec-Fetch-Mode") == "navigate"
    foreign = (site is not None and site not in OWN and not is_link) or (
        origin is not None and origin.lower() != request.host_url.lower()
    )
    if foreign or (not is_safe and site is None and origin is None):
        _refuse(
            request,
            f"it comes from {origin or site or 'no page'}",
            "The console takes requests from its own pages only.",
        )


def require_permission(request: Request) -> None:
    """Refuse who lacks the permission ``berceau.console``; note all others in the log."""
    permitted: Any = request.has_permission(PERMISSION)
    if not permitted:
        raise HTTPForbidden(result=permitted)
    log.info(
        "console: %s %s by %s",
        *(request.method, request.path, request.authenticated_userid),
    )


def _is_loopback(text: str) -> bool:
    try:
        parsed = ip_address(text)
    except ValueError:
        return False
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed  # how one socket serves both
    return parsed.is_loopback


def _refuse(request: Request, reason: str, message: str) -> None:
    log.warning("console: %s %s was refused: %s", request.method, request.path, reason)
    raise ProblemError(403, message, title="The console is closed to this request")
