"""The secret that signs what visitors carry: found, judged, and in development made."""

import os
import secrets
from collections import Counter
from contextlib import suppress
from math import log2
from pathlib import Path

from berceau.errors import SettingsError
from berceau.settings import Settings

SHORTEST = 32
FEWEST_BITS = 72
PLACEHOLDERS = ("change", "secret", "password", "example", "insecure", "placeholder", "your-")
CURE = (
    "Put a random one into the environment, or into .env, and keep it secret: "
    'python -c "import secrets; print(secrets.token_urlsafe(48))"'
)


def signing_secret(settings: Settings) -> str:
    """Return ``BERCEAU_SECRET``; in development, where none is set, one kept in ``.berceau``.

    Raises ``SettingsError`` where production has none, or one that can be guessed.
    """
    if settings.development:
        try:
            return settings.secret or _kept(settings.state / "secret")
        except OSError as error:
            raise SettingsError(
                f"BERCEAU_SECRET isn't set, and no secret can be stored in {settings.state}: "
                f"{error.strerror}.",
                cure=CURE,
            ) from error
    if settings.secret is None:
        raise SettingsError(
            "BERCEAU_SECRET isn't set: it signs the sessions of visitors.",
            cure=f"{CURE}\n  On a developer's machine, berceau.development = true in the ini file "
            "makes one by itself.",
        )
    weakness = _weakness(settings.secret)
    if weakness:
        raise SettingsError(f"BERCEAU_SECRET can be guessed: {weakness}.", cure=CURE)
    return settings.secret


def _weakness(secret: str) -> str | None:
    """Return what is wrong with ``secret``, which the words don't repeat."""
    if len(secret) < SHORTEST:
        return f"it has {len(secret)} characters, and needs {SHORTEST}"
    for word in PLACEHOLDERS:
        if word in secret.lower():
            return f"it contains {word!r}, as placeholders do"
    if _bits(secret) < FEWEST_BITS:
        return "its characters repeat"
    return None


def _bits(text: str) -> float:
    """Estimate the entropy of ``text``: that of a character, for each part that isn't repeated."""
    of_a_character = sum(
        count / len(text) * log2(len(text) / count) for count in Counter(text).values()
    )
    parts = {text[start : start + 3] for start in range(len(text) - 2)}
    return of_a_character * len(parts)


def _kept(path: Path) -> str:
    """Return the secret in ``path``; made at the first time, by whoever comes first."""
    with suppress(FileNotFoundError):
        return path.read_text()
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".secret.{secrets.token_hex(4)}")
    descriptor = os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
        with suppress(FileExistsError):
            os.link(new, path)
    finally:
        new.unlink()
    return path.read_text()
