"""Why a statement was refused, in the words of Berceau's errors."""

import re
from collections.abc import Iterator
from typing import Any

from berceau.errors import UnstorableTextError
from berceau.orm.failures import sqlstate
from berceau.text import is_storable

UNTRANSLATABLE_CHARACTER = "22P05"  # a NUL in JSON
INVALID_TEXT_REPRESENTATION = "22P02"

_HALF_IN_JSON = re.compile(r"\\u[dD][89a-fA-F]")


def check_sql(sql: str) -> None:
    """Raise ``UnstorableTextError`` for a NUL in ``sql``: psycopg2 would cut it there."""
    if "\0" in sql:
        raise unstorable()


def has_unstorable_text(error: Exception, sql: str, arguments: Any) -> bool:
    """Return whether a text that PostgreSQL can't store is why a statement failed."""
    code = sqlstate(error)
    if code is not None:
        return code == UNTRANSLATABLE_CHARACTER or (
            code == INVALID_TEXT_REPRESENTATION
            and any(_HALF_IN_JSON.search(text) for text in _texts(arguments))
        )
    return not all(is_storable(text) for text in (sql, *_texts(arguments)))


def unstorable() -> UnstorableTextError:
    """Return the error for a text that PostgreSQL can't store."""
    return UnstorableTextError(
        "A text in a query holds NUL or half of a surrogate pair (U+D800 to U+DFFF), which "
        "PostgreSQL can't store.",
        cure="Check what comes from outside before it reaches a query. A request that holds such "
        "a text is answered by 400.",
    )


def _texts(arguments: Any) -> Iterator[str]:
    """Yield the texts in the arguments of a statement, those in arrays as well."""
    if isinstance(arguments, str):
        yield arguments
    elif isinstance(arguments, dict):
        yield from _texts(list(arguments.values()))
    elif isinstance(arguments, list | tuple):
        for each in arguments:
            yield from _texts(each)
