"""Several queries asked in one call, whose answers belong to one moment."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import fetch

Rows = list[tuple[Any, ...]]


def fetch_together(
    connection: Connection, queries: Iterable[str], values: Mapping[str, Any]
) -> dict[str, Rows]:
    """Return the rows of each of ``queries``, by query.

    They are one statement, and so have one snapshot at any isolation level: what another session
    commits meanwhile, all of them see, or none. The rows come as JSON, which has texts, numbers,
    true, false, null and lists: an oid is a text of digits.
    """
    asked = tuple(queries)
    parts = (f"(SELECT json_agg(q)::text FROM ({each}\n) q)" for each in asked)  # noqa: S608 - ours
    (answers,) = fetch(connection, f"SELECT {', '.join(parts)}", values)
    return {
        query: json.loads(answer, object_pairs_hook=_row) if answer else []
        for query, answer in zip(asked, answers, strict=True)
    }


def _row(pairs: list[tuple[str, Any]]) -> tuple[Any, ...]:
    return tuple(value for _, value in pairs)  # two columns of a query may have one name
