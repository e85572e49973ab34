"""The queries of a test run, by shape, with the lines of code that sent them, as a file."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from berceau.errors import StatisticsError
from berceau.planner.json_reading import loads

FILE = "queries.json"
"""In the folder of what is generated."""
VERSION = 1
MOST_LINES = 10


@dataclass(frozen=True)
class Recorded:
    """A shape of query: how often it ran, the rows and seconds of all, and which lines sent it.

    ``lines`` are as in ``components/blog/views.py:7``, those that sent it most often first. It is
    empty where a test or Berceau itself sent it.
    """

    text: str
    calls: int
    rows: int
    seconds: float
    lines: tuple[str, ...] = ()


def to_text(queries: Iterable[Recorded]) -> str:
    """Return the text of the file, sorted by query; no more than ``MOST_LINES`` for each."""
    data = [
        {
            "text": each.text,
            "calls": each.calls,
            "rows": each.rows,
            "seconds": round(each.seconds, 6),
            "lines": list(each.lines[:MOST_LINES]),
        }
        for each in sorted(queries, key=lambda query: query.text)
    ]
    return json.dumps({"version": VERSION, "queries": data}, indent=1, ensure_ascii=False) + "\n"


def from_text(text: str) -> tuple[Recorded, ...]:
    """Return what ``to_text`` made a text of. Raises ``StatisticsError``."""
    try:
        data = loads(text)
        if data["version"] != VERSION:
            raise ValueError(f"its version is {data['version']}, not {VERSION}")
        return tuple(
            Recorded(
                str(each["text"]),
                int(each["calls"]),
                int(each["rows"]),
                float(each["seconds"]),
                tuple(map(str, each["lines"])),
            )
            for each in data["queries"]
        )
    except (ValueError, TypeError, LookupError) as error:
        raise StatisticsError(
            f"It isn't a file of recorded queries ({type(error).__name__}: {error}).",
            cure="Run `invoke test`, which writes it again.",
        ) from error
