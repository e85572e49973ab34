"""``invoke migrate.status``: what is applied, pending, changed, differs, or isn't managed."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from invoke.context import Context

from berceau.errors import MigrationError
from berceau.tasks.command import command
from berceau.tasks.project import load, print_json, say

if TYPE_CHECKING:
    from berceau.migration.history import Revision
    from berceau.migration.left import Left
    from berceau.migration.migration import Migration
    from berceau.schema.kept import Kept
    from berceau.schema.model import Schema
    from berceau.settings import Settings
    from berceau.workflows.build.declared import Declared
    from berceau.workflows.deploy.status import Status


@command(help={"json": "print one JSON document"})
def status(_: Context, json: bool = False) -> None:
    """Show what is applied, pending, changed on disk, missing, adrift, and unmanaged."""
    from berceau.workflows.build.declared import declared

    settings = load()
    components = declared(settings)
    if settings.tenants:
        _show_all(settings, components, json)
        return
    found = _read(settings, components)
    if json:
        print_json(found.data())
        return
    for line in found.lines():
        say(line)


@dataclass(frozen=True)
class _Found:
    """The status of one history, and what is left and kept of earlier components and releases.

    The ``waiting`` ones of what is pending wait for the processes of the release before.
    """

    status: "Status"
    waiting: "tuple[Migration, ...]"
    declared: "Schema"
    left: "Left"
    kept: "Mapping[Kept, str]"

    def data(self) -> dict[str, object]:
        """Return it as plain data."""
        kept = _kept_data(self.kept)
        waiting = [each.name for each in self.waiting]
        return _as_data(self.status) | {
            "waiting": waiting,
            "left": self.left.names,
            "kept": kept,
        }

    def lines(self) -> Iterator[str]:
        """Yield it for a person."""
        yield from _history(self.status, self.waiting)
        yield from _beginning(self.status, self.declared)
        yield from _database(self.status, self.left, self.kept)
        yield from (f"process  {each}" for each in self.status.processes)
        for each, since in self.kept.items():
            yield f"kept for an earlier release since {since}: {each}"


def _read(settings: "Settings", components: "Declared") -> _Found:
    from berceau.migration.phases import phases
    from berceau.workflows.deploy import migration_directory
    from berceau.workflows.deploy.status import status as read
    from berceau.workflows.shared.cache import SchemaCache
    from berceau.workflows.shared.databases import resolve_databases
    from berceau.workflows.write.left import find_left
    from berceau.workflows.write.running import still_kept

    schema = components.schema
    migrations = migration_directory.read(settings.migrations)
    found = read(
        resolve_databases(settings).migration_url, schema, migrations, SchemaCache(settings.cache)
    )
    left = find_left(settings, schema, components.component_by_name, migrations)
    try:
        kept = still_kept(settings, schema, migrations)
    except MigrationError as error:  # the rest is what people look for when one can't be run
        kept = {}
        found = replace(found, unknown=found.unknown or error.message)
    waiting = () if settings.allow_downtime else phases(found.history).waiting
    return _Found(found, waiting, schema, left, kept)


def _show_all(settings: "Settings", components: "Declared", json: bool) -> None:
    """Show the shared tables, the tenants by what they lack, and the largest in full."""
    from berceau.tenancy import Target
    from berceau.workflows.tenants import targets
    from berceau.workflows.tenants.commands import complete
    from berceau.workflows.tenants.groups import groups

    grouped = groups(settings)
    shared = _read(targets.shared(settings), components.part("shared"))
    largest, whose = None, Target("tenant")
    if grouped.tenants:
        with targets.of(settings, "tenant") as one:
            largest = _read(one, components.part("tenant"))
            whose = one.target or whose
    if json:
        data: dict[str, object] = {
            "shared": shared.data(),
            "tenants": [asdict(each) for each in grouped.groups],
            "others": [asdict(each) for each in grouped.others],
            "waits": [*grouped.waits],
            "tenant": largest.data() if largest else None,
        }
        print_json(data)
        return
    say("shared tables:")
    for line in shared.lines():
        say(f"  {complete(line, Target('shared'))}")
    for each in (*grouped.groups, *(f"tenant {other}: {other.deed}" for other in grouped.others)):
        say(str(each))
    for note in grouped.waits:
        say(note)
    if largest is None:
        say("no tenants yet: `invoke tenant.create NAME` makes one")
        return
    say(f"tenant {whose.name}:")
    for line in largest.lines():
        say(f"  {complete(line, whose)}")


def _as_data(found: "Status") -> dict[str, object]:
    from berceau.migration.history import State

    history = found.history
    return {
        "applied": [{"name": each.name, "applied_at": each.applied_at} for each in history.applied],
        "failed": [_progress(each) for each in history.unfinished if each.state is State.FAILED],
        "running": [_progress(each) for each in history.unfinished if each.state is State.RUNNING],
        "pending": [migration.name for migration in history.pending],
        "phases": {each.name: each.header.phase for each in history.pending},
        "edited": [each.name for each in history.edited],
        "edits": found.edits,
        "missing": [each.name for each in history.missing],
        "drift": asdict(found.drift),
        "unmanaged": [asdict(each) for each in found.unmanaged],
        "undeclared": list(found.undeclared),
        "unknown": found.unknown,
        "processes": [asdict(each) for each in found.processes],
        "misplaced": [str(each) for each in found.misplaced],
    }


def _kept_data(kept: "Mapping[Kept, str]") -> list[dict[str, object]]:
    return [{"kind": each.kind, "name": each.path, "since": since} for each, since in kept.items()]


def _progress(line: "Revision") -> dict[str, object]:
    kept = ("name", "direction", "position", "total", "error")
    done = line.batches
    batches = {"rows": done.rows, "of": done.of, "changed": done.changed} if done else None
    return {name: getattr(line, name) for name in kept} | {"batches": batches}


def _history(found: "Status", waiting: "tuple[Migration, ...]") -> Iterator[str]:
    from berceau.workflows.deploy.phased import waits

    history = found.history
    missing = {each.name for each in history.missing}
    for each in history.applied:
        note = "  CHANGED ON DISK since" if each.name in found.edits else ""
        note = "  MISSING on disk" if each.name in missing else note
        yield f"applied  {each.name}  {each.applied_at:%Y-%m-%d %H:%M:%S %Z}{note}"
    yield from map(str, history.unfinished)
    begun = {each.name for each in history.unfinished}
    ready = [migration.name for migration in history.pending if migration not in waiting]
    yield from (f"pending  {name}" for name in ready if name not in begun)
    yield from (f"pending  {note}" for note in waits(waiting))
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


def _database(found: "Status", left: "Left", kept: "Collection[Kept]") -> Iterator[str]:
    from berceau.schema.renames import path_of

    if found.unknown:
        yield f"not compared with the database: {found.unknown}"
    if found.drift:
        yield "drift: the database differs from what its migrations build"
        yield from (f"    {line}" for line in str(found.drift).splitlines())
    for each in found.misplaced:
        yield f"{each}: `invoke migrate.deploy` brings it there"
    yield from (f"unmanaged: {each}" for each in found.unmanaged)
    for name in found.undeclared:
        if name in map(str, kept):
            continue
        component = left.component_by_name.get(name.partition(" ")[2])
        whose = f", left by the component {component}" if component else ""
        yield f"declared by no component: {name}{whose}"
    for kind, places in (("column", left.columns), ("subclass", left.subclasses)):
        for place, component in places.items():
            name = f"{kind} {path_of(place)}"
            yield f"declared by no component: {name}, left by the component {component}"
