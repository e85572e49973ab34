"""Sessions: each browser that signed in has a row, which can be deleted."""

from uuid import UUID

from pyramid.csrf import new_csrf_token
from pyramid.request import Request

from berceau_accounts.entities import ADDRESS_LENGTH, BROWSER_LENGTH, AccountsSession, User, now
from berceau_accounts.expiry import clear_expired
from berceau_accounts.secrets import hash_secret, new_secret
from berceau_accounts.settings import AccountsSettings

KEY = "accounts.session"
"""Where the visitor's signed cookie holds the secret of the session."""


def open_session(request: Request, user: User) -> None:
    """Sign ``user`` in: with a new session, and none of what the visitor brought.

    Who planted a cookie in this browser before knows neither the session nor the token of forms.
    """
    close_session(request)
    secret = new_secret()
    clear_expired(AccountsSession)
    AccountsSession(
        token_hash=hash_secret(secret),
        user=user,
        browser=(request.user_agent or "")[:BROWSER_LENGTH].replace("\x00", ""),
        address=(request.remote_addr or "")[:ADDRESS_LENGTH],
        expires_at=now() + AccountsSettings.current().session_lifetime,
    )
    request.session[KEY] = secret
    new_csrf_token(request)


def close_session(request: Request) -> None:
    """Sign out: the session ends here and in the database."""
    session = current_session(request)
    if session is not None:
        session.delete()
    request.session.invalidate()


def current_session(request: Request) -> AccountsSession | None:
    """Return the session that the visitor's cookie names, if it hasn't ended."""
    carried = request.session.get(KEY)
    if not isinstance(carried, str):
        return None
    session = AccountsSession.get(token_hash=hash_secret(carried))
    if session is None or session.expires_at < now() or not session.user.is_active:
        return None
    return session


def sessions_of(user: User) -> list[AccountsSession]:
    """Return the sessions of ``user`` that haven't ended, the newest first."""
    moment = now()
    found = AccountsSession.select(lambda each: each.user == user and each.expires_at >= moment)
    return sorted(found, key=lambda session: session.created_at, reverse=True)


def end_session(user: User, session_id: UUID) -> bool:
    """End one session of ``user``; return False where they have none with that id (any more)."""
    session = AccountsSession.get(id=session_id, user=user)
    if session is None:
        return False
    session.delete()
    return True


def end_sessions(user: User, but: AccountsSession | None = None) -> None:
    """End all sessions of ``user``, ``but`` one."""
    for session in AccountsSession.select(lambda each: each.user == user):
        if session != but:
            session.delete()
