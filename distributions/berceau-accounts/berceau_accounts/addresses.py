"""E-mail addresses: what one looks like, and the form in which it is kept and compared."""

import re
from unicodedata import normalize

EMAIL_LENGTH = 254
"""The longest address that mail can be sent to, in characters: RFC 5321."""

# The link in the mail proves the rest. No control characters: they would end a header.
_EMAIL = re.compile(
    r"[^@\s\x00-\x1f\x7f<>,;:\"()\[\]\\]+@[^@\s\x00-\x1f\x7f.<>,;:\"()\[\]\\/]+"
    r"(\.[^@\s\x00-\x1f\x7f.<>,;:\"()\[\]\\/]+)+"
)


def canonical(email: str) -> str:
    """Return the form of an address that is equal for all its spellings."""
    return normalize("NFC", normalize("NFC", email.strip()).lower())


def is_email(email: str) -> bool:
    """Return whether a canonical address can be one."""
    return len(email) <= EMAIL_LENGTH and _EMAIL.fullmatch(email) is not None
