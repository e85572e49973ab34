"""``invoke build``: validate the components and compose their schema."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from invoke.context import Context

from berceau.errors import LintError
from berceau.tasks.command import command
from berceau.tasks.project import load, print_json, say
from berceau.workflows.shared.wording import counted

if TYPE_CHECKING:
    from berceau.diagnostic import Diagnostic
    from berceau.workflows.build.build import BuildReport


@command(
    help={
        "check": "write nothing, and fail if a file would change or a rule finds something",
        "json": "print one JSON document",
    }
)
def build(_: Context, check: bool = False, json: bool = False) -> None:
    """Check the components' entities, and write their schema and types into .berceau."""
    from berceau.workflows.build.build import build as run

    report = run(load(), check=check)[0]
    refused = [each for each in report.findings if check or each.level == "error"]
    if json:
        print_json(report)
    else:
        say(summary(report))
        tell(each for each in report.findings if each not in refused)
    if refused:
        raise LintError(_refusal(refused, listed=not json), cure=_CURE)


_CURE = "Correct them, or silence one at the end of its line: # berceau: ignore[CODE] REASON"


def _refusal(findings: "Sequence[Diagnostic]", *, listed: bool) -> str:
    lines = [f"{counted(len(findings), 'finding')} in the components."]
    return "\n".join((*lines, *map(str, findings if listed else ())))


def tell(findings: "Iterable[Diagnostic]") -> None:
    """Print what the rules found."""
    for finding in findings:
        say(str(finding))


LISTED = 20
"""So many components are listed, with what they declare; of more, only their number is shown."""


def summary(report: "BuildReport") -> str:
    """Return what a person wants to know of a build, in a few lines."""
    seconds = sum(report.seconds.values())
    if not report.changed:
        return f"build: nothing changed ({seconds:.2f} s)"
    phases = ", ".join(f"{name} {took * 1000:.0f} ms" for name, took in report.seconds.items())
    head = f"build: {counted(len(report.components), 'component')} in {seconds:.2f} s ({phases})"
    if len(report.components) > LISTED:
        return f"{head}\n  changed {counted(len(report.changed), 'file')}"
    lines = [
        f"  {each.name}: {counted(each.tables, 'table')}, {counted(each.enums, 'enum')}"
        + (f"; needs {', '.join(each.needs)}" if each.needs else "")
        for each in report.components
    ]
    return "\n".join((head, *lines, f"  changed {', '.join(report.changed)}"))
