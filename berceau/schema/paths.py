"""Names with those of what they are in, as the header of a migration has them: ``post.title``.

A name that isn't plain is a JSON string, so it has no line break. Migrations of before have some in
double quotes as SQL has them, with ``""`` for a quote.
"""

import json
import re
from collections.abc import Sequence

from berceau.schema.names import unquote_name

_PLAIN = re.compile(r'[^\s".=,]+')
_PART = r'"(?:[^"\\]|\\.|"")*"|[^\s".=,]+'
PATH = rf"(?:{_PART})(?:\.(?:{_PART}))*"
"""The regular expression of what ``to_path`` returns; it has no groups."""


def to_path(names: Sequence[str]) -> str:
    """Return ``names`` as one text, the outermost first."""
    return ".".join(
        each if _PLAIN.fullmatch(each) and each.isprintable() else json.dumps(each)
        for each in names
    )


def from_path(path: str) -> tuple[str, ...]:
    """Return the names in what ``to_path`` returned."""
    return tuple(map(_name, re.findall(_PART, path)))


def _name(text: str) -> str:
    if not text.startswith('"'):
        return text
    try:
        return str(json.loads(text))
    except ValueError:
        return unquote_name(text)
