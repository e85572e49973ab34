"""The commands that settle history: rebase, baseline, adopt, squash and reset."""

import sys
from typing import TYPE_CHECKING

from invoke.context import Context

from berceau.errors import SettingsError
from berceau.tasks.command import command
from berceau.tasks.migrate.recording import record_in
from berceau.tasks.migrate.scope import HELP, one_history
from berceau.tasks.project import load, say

if TYPE_CHECKING:
    from berceau.settings import Settings
    from berceau.workflows.shared.databases import Databases


@command(help={"branch": "a migration of the branch to move"} | HELP)
def rebase(_: Context, branch: str = "", scope: str | None = None) -> None:
    """If two branches added migrations, move those of one branch after the other's."""
    from berceau.workflows.history.rebase import rebase as run
    from berceau.workflows.shared.databases import resolve_databases

    with one_history(load(), scope, rewrites=True) as settings:
        url = resolve_databases(settings).migration_url
        changed = any(run(url, settings.migrations, branch or None, say))
    say("rebase: commit migrations/" if changed else "rebase: nothing to do")


@command(
    positional=["name"],
    help={
        "name": "a migration, or the name of the first one",
        "tenant": "the tables of one tenant only, without those of the others",
    }
    | HELP,
)
def baseline(_: Context, name: str, scope: str | None = None, tenant: str | None = None) -> None:
    """Record an existing database as migrated up to NAME, if its schema is the same."""
    from berceau.workflows.build.declared import declared
    from berceau.workflows.tenants import targets

    def told(names: str, of: str | None) -> None:
        say(f"baseline: recorded {names}{f' for the tenant {of}' if of else ''}, and ran nothing")

    found = declared(load())
    with one_history(load(), scope, tenant=tenant) as settings:
        if settings.target:
            found = found.part(settings.target.scope)
        others = targets.others(load(), settings) if tenant is None else ()
        record_in((settings, *others), found, name, told).require(name)


@command(
    positional=["name"],
    help={
        "allow-data-loss": "allow other databases to drop objects that are gone from this one",
        "name": "the name of the migration",
        "tenant": "the tenant whose drift it is, instead of the largest one",
        "unmanaged": "add objects that no migration created, too",
    }
    | HELP,
)
def adopt(
    _: Context,
    name: str,
    *,
    allow_data_loss: bool = False,
    scope: str | None = None,
    tenant: str | None = None,
    unmanaged: bool = False,
) -> None:
    """Write the database's drift as a migration, which is recorded here as applied."""
    from berceau.workflows.build.declared import declared
    from berceau.workflows.deploy import migration_directory
    from berceau.workflows.history.adopt import adopt as run
    from berceau.workflows.shared.databases import resolve_databases
    from berceau.workflows.tenants import targets

    def told(names: str, of: str | None) -> None:
        say(f"adopt: recorded {names} for the tenant {of}, too")

    whole = declared(load())
    owners = whole.component_by_name
    with one_history(load(), scope, first=tenant) as settings:
        migration = run(
            resolve_databases(settings).migration_url,
            settings.migrations,
            name,
            owners,
            everything=unmanaged,
            allow_data_loss=allow_data_loss,
            report=say,
        )
        folder = migration_directory.shown(settings.migrations)
        if migration is None:
            _tell_of_others(settings)
            return
        say(f"adopt: wrote {folder}/{migration.name}, recorded as applied here")
        recording = record_in(targets.others(load(), settings), whole, migration.name, told)
        recording.recorded = True
        recording.require(migration.name)


def _tell_of_others(settings: "Settings") -> None:
    """Say that there is nothing to adopt, and which other tenants have something."""
    from berceau.workflows.tenants.drifts import drifts

    of = settings.target.name if settings.target else None
    say(f"adopt: the {f'tenant {of}' if of else 'database'} doesn't differ from its migrations")
    found = drifts(load(), settings, sample=False) if of else ()
    for each in found:
        say(each.message)
    if found:
        say("To adopt what is in one of these, add --tenant NAME.")


@command(help={"name": "the name of the migration"} | HELP)
def squash(_: Context, name: str = "squashed", scope: str | None = None) -> None:
    """Replace the applied migrations by one that is validated as equivalent."""
    from berceau.workflows.deploy import migration_directory
    from berceau.workflows.history.squash import squash as run
    from berceau.workflows.shared.databases import resolve_databases

    with one_history(load(), scope, rewrites=True) as settings:
        squashed = run(resolve_databases(settings).migration_url, settings.migrations, name, say)
        folder = migration_directory.shown(settings.migrations)
    replaced = squashed.migration.header.replaces
    say(f"squash: wrote {folder}/{squashed.migration.name} in the place of {len(replaced)}")
    if squashed.kept:
        say(f"  it holds their SQL as it is, for the sake of: {squashed.kept}")


@command(
    help={
        "force": "reset a configured database, too",
        "no-input": "ask no questions, as without a terminal",
    }
)
def reset(_: Context, force: bool = False, no_input: bool = False) -> None:
    """Drop the objects that the migrations made, with all rows, and apply all migrations again."""
    from berceau.workflows.deploy import migration_directory
    from berceau.workflows.deploy.reset import reset as run
    from berceau.workflows.shared.cache import SchemaCache
    from berceau.workflows.shared.databases import resolve_databases

    settings = load()
    if settings.tenants:
        raise SettingsError(
            "A database with tenants isn't reset as a whole.",
            cure="Nothing was dropped. Drop each tenant of `invoke tenant.list` by `invoke "
            "tenant.drop NAME --force`, and then `invoke migrate.down --scope shared --to zero`.",
        )
    found = resolve_databases(settings)
    if not found.embedded:
        _require_leave(found, force, no_input)
    applied = run(
        found.migration_url,
        migration_directory.read(settings.migrations),
        SchemaCache(settings.cache),
        say,
    )
    say(f"reset: applied {', '.join(applied)}" if applied else "reset: there is nothing to apply")


def _require_leave(found: "Databases", force: bool, no_input: bool) -> None:
    where = f"{found.migration_url.database}, schema {found.migration_url.schema}"
    if not force:
        raise SettingsError(
            f"The database {where} isn't the embedded one: its rows would be lost.",
            cure="Nothing was dropped. If that is meant, add --force.",
        )
    if no_input:
        return
    if not sys.stdin.isatty():
        raise SettingsError(
            f"Without a terminal, you can't confirm that all rows of {where} may be deleted.",
            cure="Nothing was dropped. If that is meant, add --no-input.",
        )
    if input(f"All rows of {where} will be lost. Type its name: ") != found.migration_url.database:
        raise SettingsError("That isn't its name.", cure="Nothing was dropped.")
