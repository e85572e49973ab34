"""Who sends a request: Pyramid's security policy, by a token in its header or its session."""

from typing import Any

from pyramid.csrf import new_csrf_token
from pyramid.request import Request, RequestLocalCache
from pyramid.security import Allowed

from components.api.errors import RefusedError

from .entities import Member
from .service import end_token, issue_token, member_of

SIGNED_IN = "signed in"
"""The permission of views that need to know who asks."""

CARRIED = "users.token"
"""Where the signed session of a browser has the token."""


class NobodyError(RefusedError):
    """A request that needs to say who sends it."""

    def __init__(self) -> None:
        super().__init__(401, "token", "is missing", "Sign in first.")
        self.headers = {"WWW-Authenticate": "Token"}


class TokenPolicy:
    """Knows members by their tokens; whoever is known is permitted."""

    def __init__(self) -> None:
        self._members = RequestLocalCache(self._load)

    def identity(self, request: Request) -> Member | None:
        """Return the member who sends ``request``, if it has a valid token."""
        member: Member | None = self._members.get_or_create(request)
        return member

    def authenticated_userid(self, request: Request) -> int | None:
        """Return the id of that member."""
        member = self.identity(request)
        return member.id if member else None

    def permits(self, request: Request, _context: Any, permission: str) -> Allowed:
        """Permit all to members; views check whose things they change."""
        if self.identity(request) is None:
            raise NobodyError
        return Allowed(permission)

    def remember(self, request: Request, member: Member, **_: Any) -> list[tuple[str, str]]:
        """Let the browser act for ``member``: with a new session, and none of what it brought."""
        self.forget(request)
        request.session[CARRIED] = issue_token(member)
        new_csrf_token(request)
        self._members.set(request, member)
        return []  # the session sets its own cookie

    def forget(self, request: Request, **_: Any) -> list[tuple[str, str]]:
        """End the browser's session and its token."""
        end_token(token_of(request))
        request.session.invalidate()
        self._members.set(request, None)
        return []

    def _load(self, request: Request) -> Member | None:
        token = token_of(request)
        return member_of(token) if token else None


def token_of(request: Request) -> str:
    """Return the token that ``request`` has, or an empty text."""
    scheme, _, token = (request.headers.get("Authorization") or "").partition(" ")
    if scheme.lower() in {"token", "bearer"}:
        return token.strip()
    return str(request.session.get(CARRIED, ""))  # the API has no sessions
