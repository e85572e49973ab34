"""``invoke stats``: what the planner of a database knows, as a file."""

import sys
from itertools import pairwise
from typing import TYPE_CHECKING

from invoke.collection import Collection
from invoke.context import Context
from invoke.parser.argument import Argument
from invoke.tasks import Task

from berceau.tasks.command import Function, command
from berceau.tasks.project import load, say
from berceau.workflows.shared.wording import counted

if TYPE_CHECKING:
    from berceau.postgres.statistics.reading import Read

COST = (
    "No values of rows are in it. Queries whose values are parameters are planned as in the "
    "source; how many rows `price < 10` or `status = 'new'` finds is PostgreSQL's guess. "
    "--values adds values, except of columns that look like secrets or persons."
)


class FileTask(Task[Function]):
    """A task whose argument ``file`` is given by position, or not at all.

    To invoke, what is given by position is required: so it is that only where a word is there.
    """

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> list[Argument]:
        """Return the arguments, as invoke asks for them before it parses the command line."""
        self.positional = []
        found = super().get_arguments(ignore_unknown_help)
        if not _has_word(found):
            return found
        self.positional = ["file"]
        return super().get_arguments(ignore_unknown_help)


def _has_word(arguments: list[Argument]) -> bool:
    """Return whether the command line has a word that is no option's value."""
    words = sys.argv[1:]
    own = next((at for at, word in enumerate(words) if word == "stats.save"), len(words))
    names = (name for each in arguments if each.takes_value for name in each.names)
    valued = {f"--{name}" if len(name) > 1 else f"-{name}" for name in names}
    return any(
        not word.startswith("-") and before not in valued for before, word in pairwise(words[own:])
    )


@command(
    klass=FileTask,
    help={
        "file": "where to write; statistics/DATABASE.json if it isn't given",
        "tenant": "whose tables stand for those of all tenants; by default, the largest tenant's",
        "values": "with values of rows, except of columns that look like secrets or persons",
    },
)
def save(
    _: Context, file: str | None = None, values: bool = False, tenant: str | None = None
) -> None:
    """Save what the database's planner knows, without rows, as a file to commit.

    It reads catalogs only, so a replica will do.
    """
    from berceau.workflows.advise.saving import file_of, take
    from berceau.workflows.advise.saving import save as write

    settings = load()
    target = file_of(settings, file)
    found = take(settings, values=values, tenant=tenant)
    # What will be in the file is said before it is written.
    for line in _privacy(found) if values else (COST,):
        say(line)
    for note in found.notes:
        say(note)
    changed = write(found, target)
    shown = target.relative_to(settings.root) if target.is_relative_to(settings.root) else target
    say(f"{'wrote' if changed else 'nothing changed in'} {shown}: {_summary(found)}")


def _privacy(found: "Read") -> tuple[str, ...]:
    shown = sum(each.values is not None for each in found.statistics.columns)
    lines = (
        f"Values of rows of {counted(shown, 'column')} are in it: read the file before you commit "
        "it.",
    )
    if not found.withheld:
        return lines
    return (
        *lines,
        f"{counted(len(found.withheld), 'column')} kept back, by name or type: "
        f"{', '.join(found.withheld)}.",
    )


def _summary(found: "Read") -> str:
    statistics = found.statistics
    indexes = sum(len(table.indexes) for table in statistics.tables)
    counts = (
        counted(len(statistics.tables), "table"),
        counted(indexes, "index", "indexes"),
        counted(len(statistics.queries), "query", "queries"),
    )
    return ", ".join(counts)


namespace = Collection("stats", save)
