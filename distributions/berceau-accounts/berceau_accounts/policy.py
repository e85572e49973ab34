"""The security policy: who sends a request, and what they may do."""

from collections.abc import Iterator
from typing import Any

from pyramid.authorization import ACLHelper, Authenticated, Everyone
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPUnauthorized
from pyramid.interfaces import ISecurityPolicy
from pyramid.request import Request, RequestLocalCache
from pyramid.security import Allowed, Denied
from zope.interface import implementer

from berceau.orm import unit_of_work
from berceau.web import has_tenant
from berceau_accounts.api_tokens import sent_token, user_of_token
from berceau_accounts.entities import User
from berceau_accounts.sessions import close_session, current_session, open_session

SIGNED_IN = "signed in"
"""The permission of all who are signed in: ``@view_config(..., permission=SIGNED_IN)``."""

IN_BROWSER = "signed in by a browser"
"""The permission of those who didn't sign in with a token: what a token may never do."""

GRANTS = "accounts.grants"


def includeme(config: Configurator) -> None:
    """Ask this policy, and let components give permissions to groups."""
    config.registry[GRANTS] = {}
    config.set_security_policy(Policy())
    config.add_directive("allow_group", allow_group)


def allow_group(config: Configurator, group: str, *permissions: str) -> None:
    """Give the users in ``group`` these permissions: a directive, ``config.allow_group(...)``."""
    for permission in permissions:
        config.registry[GRANTS].setdefault(permission, set()).add(group)


def user_of(request: Request) -> User | None:
    """Return the user who sends ``request``; ``None`` for somebody who isn't signed in."""
    found: User | None = request.identity
    return found


def require_user(request: Request) -> User:
    """Return the user who sends ``request``; raises ``HTTPUnauthorized`` where there is none.

    In a view with a ``permission``, there always is one.
    """
    user = user_of(request)
    if user is None:
        raise HTTPUnauthorized
    return user


@implementer(ISecurityPolicy)
class Policy:
    """Knows users by sessions and tokens; gives permissions to groups, and by resources' lists."""

    def __init__(self) -> None:
        self._users: RequestLocalCache[User | None] = RequestLocalCache(_identify)
        self._lists = ACLHelper()

    def identity(self, request: Request) -> User | None:
        """Return the user who sends ``request``; nobody is one before its tenant is known."""
        return self._users.get_or_create(request) if has_tenant(request) else None

    def authenticated_userid(self, request: Request) -> str | None:
        """Return the id of that user."""
        user = self.identity(request)
        return str(user.id) if user is not None else None

    def permits(self, request: Request, context: Any, permission: str) -> Any:
        """Return whether the user may do what ``permission`` names with ``context``.

        They may if a group of theirs has the permission, or if the ``__acl__`` of ``context`` says
        so. Its principals are ``user:<id>``, ``group:<name>`` and Pyramid's own.
        """
        user = self.identity(request)
        if permission == SIGNED_IN or (permission == IN_BROWSER and sent_token(request) is None):
            return Allowed("signed in") if user is not None else Denied("not signed in")
        groups = request.registry[GRANTS].get(permission, set())
        if user is not None and groups & user.groups:
            return Allowed("a group of the user has the permission %s", permission)
        return self._lists.permits(context, list(_principals(user)), permission)

    def remember(self, request: Request, user: User, **_: object) -> list[tuple[str, str]]:
        """Sign ``user`` in; the session sets its own cookie, so no headers are returned."""
        open_session(request, user)
        self._users.set(request, user)
        return []

    def forget(self, request: Request, **_: object) -> list[tuple[str, str]]:
        """Sign the user out; as above, no headers are returned."""
        close_session(request)
        self._users.set(request, None)
        return []


def _identify(request: Request) -> User | None:
    # The page of an error is made after the request's unit of work.
    with unit_of_work():
        token = sent_token(request)
        if token is not None:
            return user_of_token(token)
        session = current_session(request)
        return session.user if session is not None else None


def _principals(user: User | None) -> Iterator[str]:
    yield Everyone
    if user is not None:
        yield Authenticated
        yield f"user:{user.id}"
        yield from (f"group:{group}" for group in user.groups)
