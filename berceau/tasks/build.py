"""``invoke build``: validate the components and compose their schema."""

from invoke.context import Context

from berceau.tasks.command import command
from berceau.tasks.project import load, print_json, say
from berceau.workflows.build import BuildReport
from berceau.workflows.build import build as run
from berceau.workflows.wording import counted


@command(
    help={
        "check": "write nothing, and fail where something would change",
        "json": "print one JSON document",
    }
)
def build(_: Context, check: bool = False, json: bool = False) -> None:
    """Discover, validate and compose the components' entities into .berceau/schema."""
    report = run(load(), check=check)
    if json:
        print_json(report)
    else:
        say(summary(report))


def summary(report: BuildReport) -> str:
    """Return what a person wants to know of a build, in a few lines."""
    seconds = sum(report.seconds.values())
    if not report.changed:
        return f"build: nothing changed ({seconds:.2f} s)"
    lines = [
        f"  {each.name}: {counted(each.tables, 'table')}, {counted(each.enums, 'enum')}"
        for each in report.components
    ]
    phases = ", ".join(f"{name} {took * 1000:.0f} ms" for name, took in report.seconds.items())
    return "\n".join(
        (
            f"build: {counted(len(report.components), 'component')} in {seconds:.2f} s ({phases})",
            *lines,
            f"  changed {', '.join(report.changed)}",
        )
    )
