"""The commands of the embedded server, and the provisioning of another one."""

import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from invoke.collection import Collection
from invoke.context import Context

from berceau.errors import SettingsError
from berceau.settings import Settings
from berceau.tasks.command import command
from berceau.tasks.project import load, say

if TYPE_CHECKING:
    from berceau.postgres.core.url import Url
    from berceau.postgres.embedded.server import Status

OWNER_HELP = {"owner": "as the role that owns the schema, instead of the application's"}


@command
def start(_: Context) -> None:
    """Start the embedded PostgreSQL server, and create missing databases and roles."""
    from berceau.workflows.shared.databases import embedded_server

    settings = load()
    embedded_server(settings).start()
    _print_status(settings)


@command
def stop(_: Context) -> None:
    """Stop the embedded PostgreSQL server."""
    from berceau.workflows.shared.databases import embedded_server

    was_running = embedded_server(load()).stop()
    say("The embedded server is stopped." if was_running else "The embedded server wasn't running.")


@command
def status(_: Context) -> None:
    """Show whether the embedded PostgreSQL server runs, where, and since when."""
    _print_status(load())


@command(help=OWNER_HELP)
def url(_: Context, owner: bool = False) -> None:
    """Print the URL of the database, with its password."""
    say(_choose(owner).with_password())


@command(
    help=OWNER_HELP
    | {
        "database": "another database of the server",
        "schema": "another schema of the database",
        "tenant": "with the tables of this tenant, beside the shared ones",
    }
)
def shell(
    _: Context,
    owner: bool = False,
    database: str | None = None,
    schema: str | None = None,
    tenant: str | None = None,
) -> None:
    """Open psql on the database."""
    from berceau.postgres.embedded.shell import open_shell
    from berceau.workflows.shared.databases import embedded_server

    chosen = _choose(owner, tenant)
    if database:
        chosen = replace(chosen, database=database)
    if schema:
        chosen = chosen.with_schema(schema)
    sys.stdout.flush()
    open_shell(embedded_server(load()).psql, chosen)


@command(
    help={
        "admin-url": "a role that may create roles and databases, and a database that exists: "
        "postgresql://postgres@host/postgres; its password may come from PGPASSWORD"
    }
)
def provision(_: Context, admin_url: str | None = None) -> None:
    """Create the database and the two roles of DATABASE_URL and MIGRATION_DATABASE_URL.

    The roles get the passwords that the URLs have, and the rights that they need, no more.
    Running it again is harmless.
    """
    from berceau.postgres.core.connection import describe_hosts
    from berceau.postgres.core.url import Url
    from berceau.postgres.inspect.roles import provision as run

    settings = load()
    if settings.database_url is None or settings.migration_database_url is None:
        raise SettingsError(
            "DATABASE_URL isn't set, so there is no database to provision.",
            cure="Set DATABASE_URL (the application's role) and MIGRATION_DATABASE_URL (the "
            "owner's). The embedded server needs no provisioning.",
        )
    if not admin_url:
        raise SettingsError(
            "db.provision needs a role that may create roles and databases.",
            cure="Add --admin-url=postgresql://postgres@host/postgres.",
        )
    runtime = Url.parse(settings.database_url)
    owner_url = Url.parse(settings.migration_database_url)
    run(Url.parse(admin_url), owner_url, runtime)
    say(
        f"Database {owner_url.database}, schema {owner_url.schema} "
        f"on {describe_hosts(owner_url)}:\n"
        f"  {owner_url.user} owns it, for migrations\n"
        f"  {runtime.user} has data rights only, for the application"
    )


@command(
    optional=["allow_references"],
    help={
        "source": "the schema to copy",
        "target": "the copy's name; such a schema must not exist yet",
        "allow-references": "also copy objects that may refer to the source: all, or functions by "
        "name, such as f,audit_*",
    },
)
def clone(_: Context, source: str, target: str, allow_references: str | bool = "") -> None:
    """Copy a schema with all kinds of objects, without rows except those of Berceau's ledger."""
    from berceau.workflows.shared.databases import resolve_databases
    from berceau.workflows.testing.clone_command import clone_schema

    migration_url = resolve_databases(load()).migration_url
    allowed = ("*",) if allow_references is True else tuple(str(allow_references).split(","))
    notes = clone_schema(migration_url, source, target, allowed)
    say(f"The schema {target} is a copy of {source}, without rows.")
    for note in notes:
        print(f"not copied: {note}", file=sys.stderr)


@command(
    help={"target": "the schema to drop", "force": "even if it is the application's, or holds rows"}
)
def drop(_: Context, target: str, force: bool = False) -> None:
    """Drop a schema and all its objects, for example a copy of db.clone."""
    from berceau.workflows.shared.databases import resolve_databases
    from berceau.workflows.testing.clone_command import drop_clone

    drop_clone(resolve_databases(load()).migration_url, target, force=force)
    say(f"The schema {target} is dropped.")


@command
def prune(_: Context) -> None:
    """Drop the schemas and databases of tests that no run uses, also those kept for inspection."""
    from berceau.workflows.shared.databases import resolve_databases
    from berceau.workflows.testing.prune import prune as run

    pruned = run(resolve_databases(load()).migration_url)
    for name in pruned.dropped:
        say(f"dropped  {name}")
    for name in pruned.held:
        say(f"in use   {name}")
    if not pruned.dropped:
        say("There is nothing to drop.")


def _choose(owner: bool, tenant: str | None = None) -> "Url":
    from berceau.workflows.shared.databases import resolve_databases

    settings = load()
    if tenant is not None:
        from berceau.workflows.tenants import targets

        settings = targets.named(settings, tenant)
    chosen = resolve_databases(settings)
    return chosen.migration_url if owner else chosen.runtime_url


def _print_status(settings: Settings) -> None:
    from berceau.postgres.core.url import Url
    from berceau.workflows.shared.databases import embedded_server

    if settings.database_url is not None and settings.migration_database_url is not None:
        say("A database is configured, and used instead of the embedded server:")
        say(f"  runtime  {Url.parse(settings.database_url)}")
        say(f"  owner    {Url.parse(settings.migration_database_url)}")
    server = embedded_server(settings)
    running = server.status()
    if running is None:
        say(f"The embedded server isn't running. Its data folder: {server.folder}")
    else:
        _print_running(running, server.log)


def _print_running(running: "Status", log: Path) -> None:
    uptime = datetime.now(UTC).replace(microsecond=0) - running.since
    say(f"The embedded server runs: PostgreSQL {running.version}, process {running.pid}")
    say(f"  since   {running.since.astimezone():%Y-%m-%d %H:%M:%S} ({uptime})")
    say(f"  data    {running.data}")
    say(f"  socket  {running.socket}")
    say(f"  log     {log}")


@command(
    iterable=["again"],
    help={
        "again": "run the seeds of this component again; repeatable",
        "tenant": "only those of one tenant, and of what is shared",
    },
)
def seed(_: Context, again: list[str], tenant: str | None = None) -> None:
    """Insert the components' first rows: run each seeds.py once, with tenants once in each."""
    from berceau.workflows.serve.seed import seed as run

    done = run(load(), again, say, tenant=tenant)
    changed = dict.fromkeys(name for each in done.values() for name in each.changed)
    if changed:
        say(f"changed since they ran: {', '.join(changed)}; run them again with --again NAME")
    for of, each in done.items():
        if each.ran:
            say(f"seed: ran {', '.join(each.ran)}" + (f" for the tenant {of}" if of else ""))
    if not any(each.ran for each in done.values()):
        say("seed: nothing to do")


namespace = Collection("db", start, stop, status, url, shell, provision, clone, drop, prune, seed)
