"""A deploy beside running processes: what they can live with first, the rest once they ended."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from berceau.errors import MigrationError
from berceau.migration.history import History
from berceau.migration.migration import Migration
from berceau.migration.phases import is_contract, knows, phases, required
from berceau.postgres.core.connection import Connection
from berceau.postgres.runner import processes
from berceau.postgres.runner.processes import ANNOUNCED_SECONDS, STALE_SECONDS, Process
from berceau.postgres.runner.progress import Report, silent
from berceau.workflows.deploy.deploy import apply, deploying, sound
from berceau.workflows.shared.databases import Databases


@dataclass(frozen=True)
class Deployed:
    """The names of what was ``applied``, and what waits, in words."""

    applied: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Barred:
    """A ``contract`` that waits for the processes which don't know the migration ``required``."""

    contract: Migration
    required: Migration
    processes: tuple[Process, ...]

    def __str__(self) -> str:
        count = len(self.processes)
        who = "1 process that doesn't" if count == 1 else f"{count} processes that don't"
        lines = "".join(f"\n  {each}" for each in self.processes)
        return f"{self.contract.name} waits for {who} know {self.required.name}:{lines}"


@dataclass(frozen=True)
class Contracting:
    """How contracts are applied, beside the processes of the application in ``schema``.

    More of these than are known may run, where some are ``unknown`` yet. Who is to
    ``allow_downtime`` doesn't look at them. Once a deploy has ``begun``, it refuses nothing: what
    is too much for the processes waits.
    """

    schema: str
    unknown: bool = False
    allow_downtime: bool = False
    begun: bool = False


def deploy_expand(
    databases: Databases, migrations: Sequence[Migration], report: Report = silent
) -> Deployed:
    """Apply what is pending up to the first contract, as ``deploy`` does."""
    with deploying(databases.migration_url, report) as connection:
        processes.ensure(connection, databases.runtime_url.user)
        return expand(connection, sound(connection, migrations, report), report)


def expand(connection: Connection, found: History, report: Report) -> Deployed:
    """Apply what is pending of the sound history that was ``found``, up to the first contract.

    The connection alone may migrate.
    """
    chosen = phases(found)
    return Deployed(apply(connection, found, chosen.ready, report), waits(chosen.waiting))


def deploy_contract(
    databases: Databases,
    migrations: Sequence[Migration],
    report: Report = silent,
    *,
    allow_downtime: bool = False,
) -> Deployed:
    """Apply what is pending, contracts included, as ``deploy_expand`` does.

    Raises ``MigrationError`` as ``contract`` does.
    """
    url = databases.migration_url
    with deploying(url, report) as connection:
        unknown = processes.ensure(connection, databases.runtime_url.user)
        how = Contracting(url.schema, unknown, allow_downtime)
        found = sound(connection, migrations, report)
        return contract(connection, migrations, found, report, how)


def contract(
    connection: Connection,
    migrations: Sequence[Migration],
    found: History,
    report: Report,
    how: Contracting,
) -> Deployed:
    """Apply what is pending of the sound history that was ``found``, contracts included.

    Raises ``MigrationError``, before anything is applied, where processes run that are too old for
    the first contract; what is too much for them only later waits. The connection alone may
    migrate.
    """
    if how.allow_downtime or not phases(found).waiting:
        return Deployed(apply(connection, found, found.pending, report))
    # Who comes from here on waits to the end, and sees what was applied.
    with processes.alone(connection, how.schema):
        return _apply_unbarred(connection, migrations, found, report, how)


def refuse_barred(
    connection: Connection, migrations: Sequence[Migration], contract: Migration
) -> None:
    """Raise ``MigrationError`` where processes run that are too old for ``contract``.

    Nothing was applied yet.
    """
    barred = first_barred(migrations, [contract], processes.running(connection))
    if barred is not None:
        raise _refusal(barred)


def unseen(contract: Migration) -> MigrationError:
    """Return why ``contract`` waits: processes write into the new table at their next beat."""
    return MigrationError(
        f"Which processes run isn't known yet: {contract.name} waits for them.",
        cure="Nothing was applied. The table in which they announce themselves was only made now. "
        f"Run the command again in {ANNOUNCED_SECONDS} seconds. If requests may fail meanwhile, "
        "add --allow-downtime.",
    )


def _apply_unbarred(
    connection: Connection,
    migrations: Sequence[Migration],
    found: History,
    report: Report,
    how: Contracting,
) -> Deployed:
    """Apply what no process bars; nothing where more of them may be unknown yet."""
    pending = found.pending
    barred = first_barred(migrations, pending, processes.running(connection))
    number = pending.index(barred.contract) if barred else len(pending)
    if how.unknown and any(map(is_contract, pending[:number])):
        raise unseen(phases(found).waiting[0])
    if barred is None:
        return Deployed(apply(connection, found, pending, report))
    if not (how.begun or any(map(is_contract, pending[:number]))):
        raise _refusal(barred)
    done = apply(connection, found, pending[:number], report)
    return Deployed(done, (str(barred), *_behind_first(pending[number:])))


def _refusal(barred: Barred) -> MigrationError:
    return MigrationError(
        str(barred),
        cure="Nothing was applied. Let these processes end, or restart them with the new release, "
        "and run the command again. A process that was killed counts until its last sign of life "
        f"is {STALE_SECONDS} seconds old. If requests may fail meanwhile, add --allow-downtime.",
    )


def first_barred(
    migrations: Sequence[Migration], pending: Sequence[Migration], running: Sequence[Process]
) -> Barred | None:
    """Return the first contract of ``pending`` that a ``running`` process is too old for."""
    for contract in filter(is_contract, pending):
        needed = required(migrations, contract)
        older = tuple(each for each in running if not knows(each.newest, needed))
        if older:
            return Barred(contract, needed, older)
    return None


def waits(waiting: Sequence[Migration]) -> tuple[str, ...]:
    """Return what each of the ``waiting`` migrations waits for, a line each."""
    if not waiting:
        return ()
    end = "waits for the old processes to end: `invoke migrate.deploy --contract`"
    return (f"{waiting[0].name} {end}", *_behind_first(waiting))


def behind(first: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return why the migrations ``names`` wait, a line each: the ``first`` one does."""
    return tuple(f"{name} waits, because it stands behind {first}" for name in names)


def _behind_first(waiting: Sequence[Migration]) -> tuple[str, ...]:
    first, *others = (each.name for each in waiting)
    return behind(first, others)
