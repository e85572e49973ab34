"""One migration: its statements with hazards and locks, what undoes it, and what became of it."""

from collections.abc import Sequence
from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request

from berceau.console import formats
from berceau.console.pages.migrations import BADGES, hazard_badges, looked
from berceau.console.sql import pieces
from berceau.console.target import target_of, whose
from berceau.console.views import console_view
from berceau.errors import BerceauError, DataLossError, HistoryError
from berceau.migration.history import History, in_line
from berceau.migration.migration import UP, Migration
from berceau.migration.statement_locks import Step, steps, undo_steps
from berceau.migration.timeline import Entry, timeline
from berceau.migration.transaction_groups import Mode
from berceau.schema.sql import Lock
from berceau.tenancy import Target
from berceau.web.registry import RUNNING, settings_of
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.deploy import deploy
from berceau.workflows.deploy.deploy import history as read_history
from berceau.workflows.deploy.down import ZERO, down
from berceau.workflows.deploy.status import edits_of
from berceau.workflows.overview.overview import migrations_of
from berceau.workflows.serve.start import Running
from berceau.workflows.shared.wording import counted
from berceau.workflows.tenants.deploying import deploy_all
from berceau.workflows.tenants.down import down_all
from berceau.workflows.tenants.rules import Rules

PATH = "/migrations/{name}"
REFUSED = 409


@console_view(PATH, section="migrations", template="migration.pt")
def migration(request: Request) -> dict[str, Any]:
    """Show the migration called as the address says."""
    with target_of(request, shared=_is_shared(request)) as running:
        on_disk = migrations_of(running)
        history = read_history(running.databases.runtime_url, on_disk)
    entry = _find(request, on_disk, history)
    found = entry.migration
    undoing = looked(lambda: _shown(undo_steps(found)))
    doing = looked(lambda: _shown(steps(found)))
    undone = _from(history, entry.name)
    edit = edits_of(history, on_disk).get(entry.name, "")
    return {
        "entry": entry,
        "badge": BADGES[entry.standing],
        "steps": doing.found or [],
        "undo": undoing.found or [],
        "irreversible": found.down if not undoing.found else "",
        "trouble": doing.error or undoing.error,
        "data": found.data,
        "diff": _diff(edit),
        "facts": list(_facts(entry)),
        "undone": undone,
        "later": counted(len(undone[1:]), "later one"),
        "whose": whose(request) if undone else "",
        "pieces": pieces,
    }


@console_view("/migrations/apply", section="migrations", method="POST", template="refused.pt")
def apply(request: Request) -> Any:
    """Apply what is pending, as ``invoke migrate.deploy`` does where no other release runs."""
    running: Running = request.registry[RUNNING]
    try:
        done = _apply(running)
    except BerceauError as error:
        return refused(request, error, "It wasn't applied")
    request.flash(f"Applied {counted(len(done), 'migration')}: {', '.join(done)}.")
    return HTTPSeeOther(request.console_path("/migrations"))


def _apply(running: Running) -> Sequence[str]:
    """Apply what is pending, with tenants to all of them, and return the names."""
    if running.settings.tenants:
        return deploy_all(running.settings, rules=Rules(allow_downtime=True)).names
    on_disk = migration_directory.read(running.settings.migrations)
    return deploy(running.databases.migration_url, on_disk)


@console_view(f"{PATH}/undo", section="migrations", method="POST", template="refused.pt")
def undo(request: Request) -> Any:
    """Undo the migration and all after it; what loses rows has to be confirmed.

    ``last`` is the newest one that the page showed: no other one is undone.
    """
    name, last = request.matchdict["name"], request.POST.get("last", "")
    try:
        with target_of(request, shared=_is_shared(request)) as running:
            on_disk = migration_directory.read(running.settings.migrations)
            history = read_history(running.databases.runtime_url, on_disk)
        undone = _from(history, name)
        to = _before(undone, last, history)
        _undo(request, running, to, allow_data_loss=request.POST.get("allow_data_loss") == "yes")
    except BerceauError as error:
        if isinstance(error, DataLossError) or isinstance(error.__cause__, DataLossError):
            confirm = {"action": request.path, "last": last}
            return refused(request, error, "It would lose data") | {"confirm": confirm}
        return refused(request, error, "It wasn't undone")
    files = "Its files are" if len(undone) == 1 else "Their files are"
    request.flash(f"Undid {', '.join(undone)}. {files} still in migrations/: remove or apply them.")
    return HTTPSeeOther(request.console_path("/migrations"))


def _undo(request: Request, running: Running, to: str, *, allow_data_loss: bool) -> None:
    """Undo the migrations after ``to`` of what ``running`` is about: of tenants in all of them."""
    target = running.settings.target
    if target is not None:
        whole = settings_of(request.registry.settings)
        down_all(whole, target.scope, to, allow_data_loss=allow_data_loss)
        return
    on_disk = migration_directory.read(running.settings.migrations)
    down(running.databases.migration_url, on_disk, to, allow_data_loss=allow_data_loss)


def refused(request: Request, error: BerceauError, title: str) -> dict[str, Any]:
    """Return what the page of a refusal shows; nothing of the request's unit is kept."""
    request.response.status = REFUSED
    return {"title": title, "error": error, "confirm": None}


def _is_shared(request: Request) -> bool:
    """Return whether the migration is one of the shared tables, seen from a tenant's address."""
    settings = settings_of(request.registry.settings)
    if request.tenant is None:
        return False
    shared = migration_directory.read(settings.targeting(Target("shared")).migrations)
    return request.matchdict["name"] in {each.name for each in shared}


def _find(request: Request, on_disk: tuple[Migration, ...], history: History) -> Entry:
    name = request.matchdict["name"]
    found = next((each for each in timeline(on_disk, history) if each.name == name), None)
    if found is None:
        settings = settings_of(request.registry.settings)
        names = {each.name for each in migration_directory.read_all(settings)}
        raise HTTPNotFound(
            "It is one of the tenants: open the console at the address of one."
            if name in names
            else "No migration has this name."
        )
    return found


def _from(history: History, name: str) -> tuple[str, ...]:
    """Return the migration called ``name`` and those applied after it, the newest first."""
    names = [line.name for line in in_line(history.applied)]
    return tuple(reversed(names[names.index(name) :])) if name in names else ()


def _before(undone: Sequence[str], last: str, history: History) -> str:
    """Return what the migrations ``undone`` came after, of which ``last`` is the newest.

    Raises ``HistoryError`` where it isn't: somebody has applied or undone others meanwhile.
    """
    if not undone or undone[0] != last:
        raise HistoryError(
            f"{last or 'It'} isn't the last migration that is applied.",
            cure="Open the page of the migration again: others were applied or undone meanwhile.",
        )
    names = [line.name for line in in_line(history.applied)]
    return names[-len(undone) - 1] if len(undone) < len(names) else ZERO


def _shown(found: Any) -> list[dict[str, Any]]:
    return [
        {
            "number": number,
            "pieces": pieces(each.text),
            "hazards": hazard_badges(each.hazards),
            "lock": _lock(each),
            "alone": each.mode is not Mode.TRANSACTION and str(each.mode),
        }
        for number, each in enumerate(found, 1)
    ]


def _lock(step: Step) -> str:
    if step.lock is Lock.NONE:
        return ""
    return f"{step.lock} on {step.table}" if step.table else str(step.lock)


def _facts(entry: Entry) -> list[tuple[str, str]]:
    found, line = entry.migration, entry.line
    header = looked(lambda: found.header).found
    facts = [("File", str(found.file(UP)))]
    if entry.written_at is not None:
        facts.append(("Written", entry.written_at.strftime("%Y-%m-%d %H:%M UTC")))
    if line is not None and line.applied_at is not None:
        moment = line.applied_at.strftime("%Y-%m-%d %H:%M:%S %Z")
        facts.append(("Applied", f"{moment} ({formats.ago(line.applied_at)})"))
    if entry.seconds is not None:
        facts.append(("Took", formats.span(entry.seconds)))
    if line is not None and not line.is_whole:
        facts.append(("Progress", str(line)))
    if header is not None:
        facts += [
            ("Follows", header.parent or "the one before it"),
            ("Phase", str(header.phase)),
            ("Written by", "Berceau, unedited" if found.is_generated else "Berceau and by hand"),
        ]
        several = {
            "Components": header.components,
            "Replaces": header.replaces,
            "Keeps": tuple(map(str, header.keeps)),
            "Ends": tuple(map(str, header.ends)),
        }
        facts += [(name, ", ".join(names)) for name, names in several.items() if names]
    return facts


def _diff(text: str) -> list[tuple[str, str]]:
    """Return the lines of a unified diff, each with the element that it is shown as."""
    kinds = {"+": "ins", "-": "del"}
    lines = text.splitlines()[2:]  # below the names of the two
    return [(kinds.get(line[:1], ""), line) for line in lines]
