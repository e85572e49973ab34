"""Passwords: which are accepted, and how they are kept."""

from functools import cache
from unicodedata import normalize

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 8
"""Characters that a password has at least, as NIST SP 800-63B asks for."""

LARGEST = 1024
"""Bytes that a password has at most: a longer one only costs time."""

# A longer text says no more of how easily it is guessed, and takes long to look at.
_LOOKED_AT = 72
_WEAKEST = 2

_hasher = PasswordHasher()


def problem(password: str, email: str = "") -> str:
    """Return why ``password`` can't be that of the account with ``email``; "" where it can."""
    if len(password) > LARGEST or len(_canonical(password)) > LARGEST:
        return f"Use {LARGEST:,} bytes at most."
    if len(normalize("NFKC", password)) < SHORTEST:
        return f"Use {SHORTEST} characters or more."
    if is_easily_guessed(password, email):
        return "This password is easily guessed. Choose another one, such as four unusual words."
    return ""


def is_easily_guessed(password: str, email: str) -> bool:
    """Return whether a list of common passwords, or the address, leads to ``password`` soon."""
    from zxcvbn import zxcvbn  # its lists take a while to load

    known = [part for part in {email, *email.replace("@", ".").split(".")} if part]
    score: int = zxcvbn(password[:_LOOKED_AT], user_inputs=known)["score"]
    return score < _WEAKEST


def hash_password(password: str) -> str:
    """Return what is kept of a password: its Argon2id hash, with salt and cost."""
    return _hasher.hash(_canonical(password))


def is_right(password: str, password_hash: str | None) -> bool:
    """Return whether ``password_hash`` was made of ``password``.

    Without a hash the answer is no, and takes as long: a visitor can't tell that none is kept.
    """
    if len(password) > LARGEST:
        password, password_hash = "", None
    try:
        _hasher.verify(password_hash or _hash_of_none(), _canonical(password))
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Return whether a hash was made at another cost than those of today."""
    return _hasher.check_needs_rehash(password_hash)


@cache
def _hash_of_none() -> str:
    return _hasher.hash("no account has this password")


def _canonical(password: str) -> bytes:
    """Return the form of a password that doesn't depend on the keyboard that it was typed on."""
    return normalize("NFKC", password).encode("utf-8", "surrogatepass")
