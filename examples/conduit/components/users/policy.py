"""Who sends a request: Pyramid's security policy, by the token in its header."""

from typing import Any

from pyramid.request import Request, RequestLocalCache
from pyramid.security import Allowed, Denied

from .entities import Member
from .service import member_of

SIGNED_IN = "signed in"
"""The permission of views that need to know who asks."""


class TokenPolicy:
    """Knows members by ``Authorization: Token ...``; whoever is known is permitted."""

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

    def permits(self, request: Request, _context: Any, permission: str) -> Allowed | Denied:
        """Permit all to members; views check whose things they change."""
        if self.identity(request) is None:
            return Denied(f"{permission}: no user is signed in")
        return Allowed(permission)

    def remember(self, _request: Request, _userid: Any, **_: Any) -> list[tuple[str, str]]:
        """Return no headers: clients keep the token themselves."""
        return []

    def forget(self, _request: Request, **_: Any) -> list[tuple[str, str]]:
        """Return no headers, as above."""
        return []

    def _load(self, request: Request) -> Member | None:
        token = token_of(request)
        return member_of(token) if token else None


def token_of(request: Request) -> str:
    """Return the token that ``request`` has, or an empty text."""
    scheme, _, token = (request.headers.get("Authorization") or "").partition(" ")
    return token.strip() if scheme.lower() in {"token", "bearer"} else ""
