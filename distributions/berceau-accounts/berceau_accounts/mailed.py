"""The secrets in mails: each opens one door, once, for a while."""

from datetime import timedelta

from berceau_accounts.entities import AccountsMailedToken, AccountsPurpose, User, now
from berceau_accounts.mails import HOURS
from berceau_accounts.secrets import hash_secret, new_secret


def issue(
    purpose: AccountsPurpose, email: str, *, password_hash: str = "", user: User | None = None
) -> str:
    """Return a new secret to send to ``email``; what has expired is cleared away."""
    moment = now()
    AccountsMailedToken.select(lambda token: token.expires_at < moment).delete(bulk=True)
    secret = new_secret()
    AccountsMailedToken(
        token_hash=hash_secret(secret),
        purpose=purpose,
        email=email,
        password_hash=password_hash,
        user=user,
        expires_at=moment + timedelta(hours=HOURS),
    )
    return secret


def find(purpose: AccountsPurpose, secret: str) -> AccountsMailedToken | None:
    """Return what was mailed with ``secret`` for ``purpose``; ``None`` where it can't be used.

    Its row is locked: of two requests that use it at once, the second one finds it used.
    """
    found = AccountsMailedToken.get_for_update(token_hash=hash_secret(secret))
    if found is None or found.purpose != purpose or found.expires_at < now():
        return None
    return found


def forget(email: str) -> None:
    """Let no link that was mailed to ``email`` be used any more."""
    AccountsMailedToken.select(lambda token: token.email == email).delete(bulk=True)
