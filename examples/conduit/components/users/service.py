"""What users can do, within the caller's unit of work."""

import hashlib
import secrets
from datetime import datetime
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from components.api.errors import RefusedError, taken

from .entities import Member, MemberToken, now
from .settings import UsersSettings

hasher = PasswordHasher()

DELETED_AT_ONCE = 20
"""How many tokens that have ended a login deletes at most."""

WRONG = "Nobody has this address and this password."


def sign_up(username: str, email: str, password: str) -> Member:
    """Return a new member. Raises ``RefusedError`` if the name or the address is taken."""
    _check_free(None, username, email)
    return Member(username=username, email=email, password_hash=hasher.hash(password))


def log_in(email: str, password: str) -> Member:
    """Return the member with this address and password. Raises ``RefusedError``."""
    member = Member.get(email=email)
    # An unknown address takes as long as a wrong password, so nobody learns which it was.
    if not _verify(member.password_hash if member else _unknown(), password) or member is None:
        raise RefusedError(401, "credentials", "invalid", WRONG)
    return member


def change(member: Member, values: dict[str, Any], token: str) -> None:
    """Change what ``values`` has; a new password ends all tokens but ``token``."""
    password = values.pop("password", None)
    _check_free(member, values.get("username"), values.get("email"))
    member.set(**values)
    if password is not None:
        member.password_hash = hasher.hash(password)
        digest = _digest(token)
        for each in MemberToken.select(lambda each: each.member == member):
            if each.digest != digest:
                each.delete()


def issue_token(member: Member) -> str:
    """Return a new token, which stands for ``member`` from now on.

    Some tokens that have ended are deleted, so that no more of them stay than are made.
    """
    _delete_ended_tokens()
    token = secrets.token_urlsafe(32)
    MemberToken(digest=_digest(token), member=member)
    return token


def end_token(token: str) -> None:
    """Let ``token`` stand for nobody from now on."""
    found = MemberToken.get(digest=_digest(token))
    if found is not None:
        found.delete()


def member_of(token: str) -> Member | None:
    """Return the member that ``token`` stands for, if it is valid."""
    found = MemberToken.get(digest=_digest(token))
    return found.member if found is not None and found.created_at >= _oldest() else None


def _delete_ended_tokens() -> None:
    oldest = _oldest()
    ended = MemberToken.select(lambda token: token.created_at < oldest)
    # Of two logins at once, neither waits for what the other deletes.
    for token in ended.for_update(skip_locked=True).limit(DELETED_AT_ONCE):
        token.delete()


def _oldest() -> datetime:
    """Return when the oldest token was made that still counts."""
    return now() - UsersSettings.current().token_lifetime


def _check_free(member: Member | None, username: str | None, email: str | None) -> None:
    if username is not None and Member.get(username=username) not in (None, member):
        raise taken("username")
    if email is not None and Member.get(email=email) not in (None, member):
        raise taken("email")


def _verify(password_hash: str, password: str) -> bool:
    try:
        return hasher.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


@cache
def _unknown() -> str:
    return hasher.hash(secrets.token_urlsafe())


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
