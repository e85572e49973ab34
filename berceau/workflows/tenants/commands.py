"""Commands in messages: they name the history, or the tenant, that the message is about."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from berceau.errors import BerceauError
from berceau.tenancy import Target

_OF_HISTORY = re.compile(
    r"\binvoke migrate\.(?:adopt|baseline|down|rebase|squash)\b(?! --scope| --tenant)"
)
_OF_LEDGER = re.compile(r"\binvoke migrate\.(?:baseline|resolve)\b(?! --scope| --tenant)")
_RESOLVE = re.compile(r"\binvoke migrate\.resolve\b(?! --tenant)")


def complete(text: str, target: Target, tenant: str | None = None) -> str:
    """Return ``text``, a message about ``target``, with commands that work on that.

    Where it is about the ledger of one ``tenant``, these are about that one only.
    """
    if tenant is not None:
        text = _OF_LEDGER.sub(rf"\g<0> --tenant {tenant}", text)
    elif target.name is not None:
        text = _RESOLVE.sub(rf"\g<0> --tenant {target.name}", text)
    return _OF_HISTORY.sub(rf"\g<0> --scope {target.scope}", text)


@contextmanager
def completing(target: Target | None) -> Iterator[None]:
    """Let the cures of errors that the body raises about ``target`` name commands for it."""
    try:
        yield
    except BerceauError as error:
        if target is None or error.cure is None:
            raise
        raise error.with_cure(complete(error.cure, target)) from error
