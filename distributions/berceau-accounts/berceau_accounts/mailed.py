"""The secrets in mails: each opens one door, once, for a while."""

from datetime import timedelta

from berceau_accounts.entities import (
    AccountsMail,
    AccountsMailedToken,
    AccountsMailKind,
    AccountsPurpose,
    User,
    now,
)
from berceau_accounts.expiry import clear_expired
from berceau_accounts.secrets import hash_secret, new_secret

LINKS = (AccountsMailKind.SIGN_UP, AccountsMailKind.RESET, AccountsMailKind.NEW_EMAIL)


def issue(purpose: AccountsPurpose, mail: AccountsMail, lifetime: timedelta) -> str:
    """Return a new secret to send with ``mail``; what has expired is cleared away."""
    clear_expired(AccountsMailedToken)
    secret = new_secret()
    AccountsMailedToken(
        token_hash=hash_secret(secret),
        purpose=purpose,
        email=mail.email,
        password_hash=mail.password_hash,
        user=mail.user,
        expires_at=now() + lifetime,
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
    """Let no link that was mailed to ``email`` be used any more, and send none that waits."""
    AccountsMailedToken.select(lambda token: token.email == email).delete(bulk=True)
    AccountsMail.select(lambda mail: mail.email == email and mail.kind in LINKS).delete(bulk=True)


def forget_new_emails(user: User) -> None:
    """Let ``user`` confirm no other address by a link, whether it was mailed or waits."""
    for each in (*user.new_emails, *user.waiting_mails):
        each.delete()
