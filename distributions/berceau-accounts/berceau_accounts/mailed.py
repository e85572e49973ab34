"""The secrets in mails: each opens one door, once, for a while."""

from berceau_accounts.entities import AccountsMailedToken, AccountsPurpose, User, now
from berceau_accounts.expiry import clear_expired
from berceau_accounts.secrets import hash_secret, new_secret
from berceau_accounts.settings import AccountsSettings


def issue(
    purpose: AccountsPurpose, email: str, *, password_hash: str = "", user: User | None = None
) -> str:
    """Return a new secret to send to ``email``; what has expired is cleared away."""
    clear_expired(AccountsMailedToken)
    secret = new_secret()
    AccountsMailedToken(
        token_hash=hash_secret(secret),
        purpose=purpose,
        email=email,
        password_hash=password_hash,
        user=user,
        expires_at=now() + AccountsSettings.current().link_lifetime,
    )
    return secret


def find(purpose: AccountsPurpose, secret: str) -> AccountsMailedToken | None:
    """Return what was mailed with ``secret`` for ``purpose``; ``None`` where it can't be used.

    All that was mailed to the same address is locked, in one order: of two requests that use a
    link at once, the second one finds it used, and none waits for another that waits for it.
    """
    found = AccountsMailedToken.get(token_hash=hash_secret(secret))
    if found is None or found.purpose != purpose or found.expires_at < now():
        return None
    email = found.email
    mailed = AccountsMailedToken.select(lambda token: token.email == email)
    locked = mailed.order_by(lambda token: token.token_hash).for_update()
    return found if found in list(locked) else None


def forget(email: str) -> None:
    """Let no link that was mailed to ``email`` be used any more."""
    AccountsMailedToken.select(lambda token: token.email == email).delete(bulk=True)
