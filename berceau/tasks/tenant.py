"""``invoke tenant.*``: the tenants of a project."""

import os
from dataclasses import asdict

from invoke.collection import Collection
from invoke.context import Context

from berceau.errors import TenantError
from berceau.tasks.command import command
from berceau.tasks.project import after_dashes, load, print_json, say


@command(help={"name": "lower-case letters, digits and underscores"})
def create(_: Context, name: str) -> None:
    """Make a tenant, with a schema of its own that has all tables."""
    from berceau.workflows.tenants.create import create as work

    made = work(load(), name, say, refuse_files=True)
    say(f"The tenant {made} is ready, in the schema {made.schema}.")


@command(
    help={
        "files": "remove its uploaded files, too, or those that are left of it",
        "force": "even if it holds rows",
        "name": "the tenant",
    }
)
def drop(_: Context, name: str, force: bool = False, files: bool = False) -> None:
    """Drop a tenant and its schema."""
    from berceau.workflows.tenants.drop import drop as work

    work(load(), name, say, force=force, with_files=files)
    say(f"The tenant {name} is dropped.")


@command(name="list", help={"json": "print one JSON document"})
def list_(_: Context, json: bool = False) -> None:
    """Show all tenants: their states, and the newest migration that each has."""
    from berceau.workflows.tenants.listing import listing

    found = listing(load())
    if json:
        data = [asdict(each) | {"behind": found.is_behind(each)} for each in found.tenants]
        print_json(data)
        return
    for each in found.tenants:
        behind = f"  behind: it lacks {found.needed}" if found.is_behind(each) else ""
        say(f"{each.name}  {each.state}  {each.version or 'no migration'}{behind}")
    if not found.tenants:
        say("no tenants yet: `invoke tenant.create NAME` makes one")


@command(help={"name": "the tenant", "node": "the server of Citus: host:port"})
def move(_: Context, name: str, node: str) -> None:
    """Move a tenant's tables to another server of Citus, while they are used."""
    from berceau.workflows.tenants.move import move as work

    moved = work(load(), name, node, say)
    say(f"The tenant {name} is on {node}{'' if moved else ' already'}.")


@command(help={"name": "the tenant"})
def run(_: Context, name: str) -> None:
    """Run what follows -- for a tenant: invoke tenant.run acme -- pshell development.ini.

    Its units of work are those of the tenant. It finds the name in BERCEAU_TENANT.
    """
    from berceau.workflows.tenants.targets import named

    settings = load()
    arguments = after_dashes()
    if not arguments:
        raise TenantError(
            "The command has nothing to run.",
            cure=f"Write it behind two dashes: invoke tenant.run {name} -- pshell development.ini",
        )
    named(settings, name)
    os.execvp("env", ["env", f"BERCEAU_TENANT={name}", *arguments])  # noqa: S606, S607 - by users


namespace = Collection("tenant", create, drop, list_, move, run)
