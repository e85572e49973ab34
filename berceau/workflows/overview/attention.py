"""What isn't in order, each with the command that settles it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from berceau.diagnostic import Diagnostic
from berceau.errors import BerceauError
from berceau.migration.history import History, State
from berceau.workflows.deploy.status import Status
from berceau.workflows.describe.description import Description
from berceau.workflows.shared.wording import counted
from berceau.workflows.write.prepared import Prepared

SHOWN = 3
"""So many findings in tables are shown one by one."""


class Urgency(IntEnum):
    """How soon somebody should look; the most urgent comes first."""

    BROKEN = 0
    TO_DO = 1
    NOTE = 2


@dataclass(frozen=True)
class Attention:
    """Something to look at: a ``title`` of a few words, what there is to know, what settles it.

    ``command`` is to be run in the project's folder. ``about`` names the part of the console that
    shows more, or ``table`` the table whose page does.
    """

    urgency: Urgency
    title: str
    text: str
    command: str | None = None
    about: str | None = None
    table: str | None = None


def of_error(error: BerceauError, title: str) -> Attention:
    """Return what there is to know where one couldn't look, because of ``error``."""
    where = f"{error.where}:" if error.where is not None else None
    text = " ".join(filter(None, (where, error.message, error.cure)))
    return Attention(Urgency.BROKEN, title, text)


def of_prepared(prepared: Prepared) -> Iterator[Attention]:
    """Yield that entities and migrations differ, if they do."""
    if not prepared.differs:
        return
    parts = []
    if prepared.plan is not None:
        parts.append(f"{counted(len(prepared.plan.up), 'statement')} would follow.")
    if prepared.asks:
        asked = len(prepared.questions) + len(prepared.gaps)
        parts.append(f"{counted(asked, 'question')} to answer first.")
    if prepared.refused is not None and not prepared.asks:
        parts += filter(None, (prepared.refused.message, prepared.refused.cure))
    yield Attention(
        Urgency.TO_DO,
        "Entities and migrations differ",
        " ".join(parts),
        "invoke migrate",
        "migrations",
    )


def of_history(history: History) -> Iterator[Attention]:
    """Yield what keeps a deploy from being safe, what failed and what waits."""
    for each in history.contradictions:
        yield Attention(
            Urgency.BROKEN,
            "Files and ledger contradict each other",
            f"{each.message} {each.cure}",
            "invoke migrate.check",
            "migrations",
        )
    for line in history.unfinished:
        running = line.state is State.RUNNING
        yield Attention(
            Urgency.NOTE if running else Urgency.BROKEN,
            f"{line.name} {'is being applied' if running else 'failed'}",
            str(line),
            None if running else "invoke migrate.deploy",
            "migrations",
        )
    begun = {line.name for line in history.unfinished}
    pending = [each.name for each in history.pending if each.name not in begun]
    if pending:
        yield Attention(
            Urgency.TO_DO,
            f"{counted(len(pending), 'migration')} pending",
            ", ".join(pending),
            "invoke migrate.deploy",
            "migrations",
        )


def of_status(status: Status) -> Iterator[Attention]:
    """Yield how the database differs from what its migrations build."""
    if status.unknown:
        yield Attention(Urgency.NOTE, "The database wasn't compared", status.unknown)
    if status.drift:
        steps = len(status.drift.restore) + len(status.drift.objects)
        yield Attention(
            Urgency.TO_DO,
            "The database has drifted",
            f"{counted(steps, 'thing')} in it differ from what its migrations build.",
            "invoke migrate.status",
            "migrations",
        )
    if status.undeclared:
        yield Attention(
            Urgency.NOTE,
            "No component declares it any more",
            ", ".join(status.undeclared),
            "invoke migrate.status",
            "migrations",
        )


def of_findings(findings: Sequence[Diagnostic]) -> Iterator[Attention]:
    """Yield what the lint rules of a build object to, in one."""
    if findings:
        first = f"{findings[0].message} {findings[0].cure}"
        more = f" And {len(findings) - 1} more." if len(findings) > 1 else ""
        yield Attention(
            Urgency.TO_DO,
            f"The build has {counted(len(findings), 'finding')}",
            f"{_place(findings[0])}{first}{more}",
            "invoke build",
        )


def of_tables(description: Description) -> Iterator[Attention]:
    """Yield what is wrong with keys and indexes: the first ones, and how many more there are."""
    found = [(table.name, each) for table in description.tables for each in table.findings]
    for name, each in found[:SHOWN]:
        text = f"{each.message} {each.cure}"
        yield Attention(Urgency.TO_DO, f"The table {name}", text, table=name)
    if rest := found[SHOWN:]:
        title = f"{counted(len(rest), 'more finding')} in tables"
        names = ", ".join(dict.fromkeys(name for name, _ in rest))
        yield Attention(Urgency.TO_DO, title, names, about="schema")


def _place(finding: Diagnostic) -> str:
    return f"{finding.file}:{finding.line}: " if finding.file and finding.line else ""


def of_warnings(warnings: Iterable[str]) -> Iterator[Attention]:
    """Yield what works, but shouldn't stay so."""
    for text in warnings:
        yield Attention(Urgency.NOTE, "A word of caution", f"{text[:1].upper()}{text[1:]}.")
