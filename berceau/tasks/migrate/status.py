"""``invoke migrate.status``: what is applied, pending, changed, and declared by nobody."""

from invoke.context import Context

from berceau.tasks.command import command
from berceau.tasks.project import load, print_json, say
from berceau.workflows import scripts
from berceau.workflows.compose import compose
from berceau.workflows.databases import databases
from berceau.workflows.status import Status
from berceau.workflows.status import status as read


@command(help={"json": "print one JSON document"})
def status(_: Context, json: bool = False) -> None:
    """Show what is applied, pending, changed on disk, missing, and declared by nobody."""
    settings = load()
    declared = compose(settings.components).schema
    found = read(databases(settings).owner, declared, scripts.read(settings.migrations))
    if json:
        print_json(_as_data(found))
        return
    for line in _lines(found):
        say(line)


def _as_data(found: Status) -> dict[str, object]:
    history = found.history
    return {
        "applied": [{"name": each.name, "applied_at": each.applied_at} for each in history.applied],
        "pending": [script.name for script in history.pending],
        "edited": [each.name for each in history.edited],
        "missing": [each.name for each in history.missing],
        "undeclared": list(found.undeclared),
    }


def _lines(found: Status) -> list[str]:
    history = found.history
    edited = {each.name for each in history.edited}
    missing = {each.name for each in history.missing}
    lines = []
    for each in history.applied:
        note = "  CHANGED ON DISK since" if each.name in edited else ""
        note = "  MISSING on disk" if each.name in missing else note
        lines.append(f"applied  {each.name}  {each.applied_at:%Y-%m-%d %H:%M:%S %Z}{note}")
    lines += [f"pending  {script.name}" for script in history.pending]
    lines += [f"declared by no component: {name}" for name in found.undeclared]
    return lines or ["no migrations yet: `invoke migrate --name init` writes the first"]
