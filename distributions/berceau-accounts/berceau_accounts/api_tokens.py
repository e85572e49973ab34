"""Tokens for programs: named, shown once, kept as hashes, ended by a date or by their user."""

from datetime import timedelta
from uuid import UUID

from pyramid.request import Request

from berceau_accounts.entities import AccountsApiToken, User, now
from berceau_accounts.expiry import clear_expired
from berceau_accounts.secrets import hash_secret, new_secret

PREFIX = "acc_"
"""How tokens begin, so that people and scanners of secrets know them where they shouldn't be."""

LONGEST_DAYS = 366
SCHEMES = ("bearer", "token")


def create_token(user: User, name: str, days: int) -> tuple[AccountsApiToken, str]:
    """Return a new token of ``user``, for 1 to ``LONGEST_DAYS`` days, and its text.

    The text can't be found out later.
    """
    clear_expired(AccountsApiToken)
    text = PREFIX + new_secret()
    token = AccountsApiToken(
        token_hash=hash_secret(text),
        user=user,
        name=name,
        expires_at=now() + timedelta(days=days),
    )
    return token, text


def sent_token(request: Request) -> str | None:
    """Return the token in the header ``Authorization``; ``None`` where there is none.

    It is ``Bearer acc_...``, as RFC 6750 has it, or ``Token acc_...``.
    """
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    return text.strip() if scheme.lower() in SCHEMES else None


def user_of_token(text: str) -> User | None:
    """Return the user whose token ``text`` is, if it can be used."""
    token = AccountsApiToken.get(token_hash=hash_secret(text))
    if token is None or token.expires_at < now() or not token.user.is_active:
        return None
    user: User = token.user
    return user


def tokens_of(user: User) -> list[AccountsApiToken]:
    """Return the tokens of ``user`` that can be used, the newest first."""
    moment = now()
    found = AccountsApiToken.select(lambda each: each.user == user and each.expires_at >= moment)
    return sorted(found, key=lambda token: token.created_at, reverse=True)


def revoke_token(user: User, token_id: UUID) -> bool:
    """End a token of ``user``; return False where they have none with that id (any more)."""
    token = AccountsApiToken.get(id=token_id, user=user)
    if token is None:
        return False
    token.delete()
    return True
