"""``invoke migrate.status``: what is applied, pending, changed, differs, or isn't managed."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from invoke.context import Context

from berceau.tasks.command import command
from berceau.tasks.project import load, print_json, say

if TYPE_CHECKING:
    from berceau.migration.history import Revision
    from berceau.migration.left import Left
    from berceau.schema.model import Schema
    from berceau.workflows.deploy.status import Status


@command(help={"json": "print one JSON document"})
def status(_: Context, json: bool = False) -> None:
    """Show what is applied, pending, changed on disk, missing, adrift, and unmanaged."""
    from berceau.workflows.build.declared import declared
    from berceau.workflows.deploy import migration_directory
    from berceau.workflows.deploy.status import status as read
    from berceau.workflows.shared.cache import SchemaCache
    from berceau.workflows.shared.databases import resolve_databases
    from berceau.workflows.write.left import find_left

    settings = load()
    components = declared(settings)
    schema = components.schema
    migrations = migration_directory.read(settings.migrations)
    found = read(
        resolve_databases(settings).migration_url, schema, migrations, SchemaCache(settings.cache)
    )
    left = find_left(settings, schema, components.component_by_name, migrations)
    if json:
        print_json(_as_data(found) | {"left": left.names})
        return
    for line in (*_history(found), *_beginning(found, schema), *_database(found, left)):
        say(line)


def _as_data(found: "Status") -> dict[str, object]:
    from berceau.migration.history import State

    history = found.history
    return {
        "applied": [{"name": each.name, "applied_at": each.applied_at} for each in history.applied],
        "failed": [_progress(each) for each in history.unfinished if each.state is State.FAILED],
        "running": [_progress(each) for each in history.unfinished if each.state is State.RUNNING],
        "pending": [migration.name for migration in history.pending],
        "edited": [each.name for each in history.edited],
        "edits": found.edits,
        "missing": [each.name for each in history.missing],
        "drift": asdict(found.drift),
        "unmanaged": [asdict(each) for each in found.unmanaged],
        "undeclared": list(found.undeclared),
        "unknown": found.unknown,
    }


def _progress(line: "Revision") -> dict[str, object]:
    kept = ("name", "direction", "position", "total", "error")
    return {name: getattr(line, name) for name in kept}


def _history(found: "Status") -> Iterator[str]:
    history = found.history
    missing = {each.name for each in history.missing}
    for each in history.applied:
        note = "  CHANGED ON DISK since" if each.name in found.edits else ""
        note = "  MISSING on disk" if each.name in missing else note
        yield f"applied  {each.name}  {each.applied_at:%Y-%m-%d %H:%M:%S %Z}{note}"
    yield from map(str, history.unfinished)
    begun = {each.name for each in history.unfinished}
    pending = [migration.name for migration in history.pending if migration.name not in begun]
    yield from (f"pending  {name}" for name in pending)
    for name, difference in found.edits.items():
        yield f"changed since it was applied: {name}"
        yield from (f"    {line}" for line in difference.splitlines())
    for migration in history.replacing:
        replaced = f"{migration.header.replaces[0]} to {migration.header.replaces[-1]}"
        yield f"applied  {migration.name}, in the place of {replaced}: the next deploy records it"


def _beginning(found: "Status", declared: "Schema") -> Iterator[str]:
    """Print how to begin, where nothing was applied."""
    history = found.history
    if history.applied or history.unfinished:
        return
    ours = {f"table {table.name}" for table in declared.tables}
    if there := [str(each) for each in found.unmanaged if str(each) in ours]:
        yield f"no migration created {', '.join(there)}: `invoke migrate.baseline NAME` records it"
    elif not history.pending:
        yield "no migrations yet: `invoke migrate --name init` writes the first"


def _database(found: "Status", left: "Left") -> Iterator[str]:
    from berceau.schema.renames import path_of

    if found.unknown:
        yield f"not compared with the database: {found.unknown}"
    if found.drift:
        yield "drift: the database differs from what its migrations build"
        yield from (f"    {line}" for line in str(found.drift).splitlines())
    yield from (f"unmanaged: {each}" for each in found.unmanaged)
    for name in found.undeclared:
        component = left.component_by_name.get(name.partition(" ")[2])
        whose = f", left by the component {component}" if component else ""
        yield f"declared by no component: {name}{whose}"
    for kind, places in (("column", left.columns), ("subclass", left.subclasses)):
        for place, component in places.items():
            name = f"{kind} {path_of(place)}"
            yield f"declared by no component: {name}, left by the component {component}"
