"""The secrets that this process was given, so that no log and no page shows them."""

from collections.abc import Iterator

HIDDEN = "[hidden]"
"""What is shown in place of a secret."""

SHORTEST = 4
"""Shorter ones would be found in every other word."""

_known: set[str] = set()


def remember(secret: str) -> None:
    """Let ``hide`` know a secret, as it is and as messages quote it."""
    if len(secret) >= SHORTEST:
        quoted = set(_quoted(secret))
        _known.update({secret}, quoted, *map(_quoted, quoted))


def _quoted(text: str) -> Iterator[str]:
    """Yield what ``repr`` makes of ``text`` alone, and beside both kinds of quotes."""
    yield repr(text)[1:-1]
    yield repr(f"{text}'\"")[1:-4]


def hide(text: str) -> str:
    """Return ``text`` without any secret of this process."""
    for secret in sorted(_known, key=len, reverse=True):
        if secret in text:
            text = text.replace(secret, HIDDEN)
    return text
