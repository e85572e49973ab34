"""Text that people typed: whether there is anything in it to see, and whether it can be stored."""

import re
import unicodedata

# Spaces, controls, formats (zero width, direction), surrogates and marks, which need a letter.
UNSEEN = {"Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Mn", "Mc", "Me"}

# Letters and symbols without ink: fillers of Hangul, blanks of Braille, hieroglyphs and music.
BLANKS = frozenset("\u115f\u1160\u3164\uffa0\u2800\U00013441\U00013442\U0001d159")

UNSTORABLE = re.compile("[\\0\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """Return whether PostgreSQL can store ``text``: no NUL, and no lone surrogate."""
    return UNSTORABLE.search(text) is None


def is_blank(text: str) -> bool:
    """Return whether no character of ``text`` can be seen.

    That is so for an empty text, and for one of spaces, control and format characters, such as the
    zero-width space, marks without a letter, and letters without ink, such as the filler of Hangul.
    """
    return all(
        character in BLANKS
        or unicodedata.category(character) in UNSEEN
        or _is_reserved(ord(character))
        for character in text
    )


def _is_reserved(code: int) -> bool:
    """Return whether Unicode keeps ``code`` for what isn't seen, or for no character at all."""
    return (
        code == 0x2065
        or 0xFFF0 <= code <= 0xFFF8
        or 0xE0000 <= code <= 0xE0FFF
        or 0xFDD0 <= code <= 0xFDEF
        or code & 0xFFFE == 0xFFFE
    )
