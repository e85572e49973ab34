"""Secrets that a person or a program brings back: made here, kept as hashes only."""

from hashlib import sha256
from secrets import token_urlsafe

# A secret has 256 random bits, so it can't be found by its hash, even a fast one. A lookup by the
# hash tells nothing by its time, either: whoever asks can't choose how hashes begin.


def new_secret() -> str:
    """Return a new secret of 43 characters, which are safe in addresses and headers."""
    return token_urlsafe(32)


def hash_secret(secret: str) -> str:
    """Return what is kept of ``secret``: 64 characters, in hexadecimal."""
    return sha256(secret.encode("utf-8", "backslashreplace")).hexdigest()
