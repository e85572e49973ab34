"""The secrets that this process was given, so that no log and no page shows them."""

from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import unquote, urlsplit

HIDDEN = "[hidden]"
"""What is shown in place of a secret."""

SHORTEST = 4
"""Shorter ones would be found in every other word."""

_known: set[str] = set()


def remember(secret: str) -> None:
    """Let ``hide`` know a secret, as it is and as messages quote it; of a URL, its password, too.

    One of less than ``SHORTEST`` characters can't be hidden.
    """
    for text in (secret, *_passwords(secret)):
        if len(text) >= SHORTEST:
            quoted = set(_quoted(text))
            _known.update({text}, quoted, *map(_quoted, quoted))


def _passwords(text: str) -> Iterator[str]:
    with suppress(ValueError):  # it is no URL
        password = urlsplit(text).password
        if password:
            yield from (password, unquote(password))


def _quoted(text: str) -> Iterator[str]:
    """Yield what ``repr`` makes of ``text`` alone, and beside both kinds of quotes."""
    yield repr(text)[1:-1]
    yield repr(f"{text}'\"")[1:-4]


def hide(text: str) -> str:
    """Return ``text`` without any secret of this process."""
    for secret in sorted(_known, key=len, reverse=True):
        if secret in text:
            # What is hidden already stays, also where the secret is a word of it.
            parts = text.split(HIDDEN)
            text = HIDDEN.join(part.replace(secret, HIDDEN) for part in parts)
    return text
