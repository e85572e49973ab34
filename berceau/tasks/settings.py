"""``invoke settings``: what the project and its components are set to, and by what."""

from dataclasses import asdict
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from invoke.context import Context

from berceau.tasks.command import command
from berceau.tasks.project import load, print_json, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from berceau.workflows.serve.settings_report import Row


@command(
    help={
        "ini": "the ini file to read: by default that of BERCEAU_INI, or development.ini",
        "json": "print one JSON document",
    }
)
def settings(_: Context, ini: str = "", json: bool = False) -> None:
    """List all settings of the project and its components; secrets are hidden."""
    from berceau.workflows.serve.settings_report import report

    found = report(load(), ini or None)
    if json:
        print_json({"settings": [asdict(row) for row in found.rows]})
    else:
        for component, rows in groupby(found.rows, attrgetter("component")):
            say(f"{component}:")
            for line in _table(list(rows)):
                say(f"  {line}")
        for warning in found.read.warnings:
            say(warning)
    found.read.check()


def _table(rows: "Sequence[Row]") -> "Iterator[str]":
    cells = [(row.name, row.value or "-", row.source) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row, line in zip(rows, cells, strict=True):
        padded = "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True))
        yield f"{padded}  {row.help}"
