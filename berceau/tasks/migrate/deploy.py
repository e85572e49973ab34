"""``invoke migrate.deploy``, ``down`` and ``resolve``: the database's way along the migrations."""

from typing import TYPE_CHECKING

from invoke.context import Context

from berceau.errors import MigrationError, SettingsError
from berceau.settings import Settings, parse_count
from berceau.tasks.command import command
from berceau.tasks.migrate.scope import HELP, known_scope
from berceau.tasks.project import load, say
from berceau.workflows.shared.wording import counted

if TYPE_CHECKING:
    from berceau.workflows.tenants.rules import Rules


@command(
    help={
        "allow-downtime": "apply it all at once: requests of processes that run may fail",
        "canary": "the tenant that comes first; the others wait until it is done",
        "contract": "also apply what waits for the processes of the release before",
        "jobs": "how many tenants are deployed at the same time",
        "keep-going": "go on with the other tenants where one fails",
        "tenants": "only tenants whose names match: acme, or a*,b*",
    }
)
def deploy(
    _: Context,
    contract: bool = False,
    allow_downtime: bool = False,
    tenants: str = "",
    jobs: str = "1",
    canary: str = "",
    keep_going: bool = False,
) -> None:
    """Apply the pending migrations, or resume a failed one; for production, too.

    Migrations with `-- Phase: contract` wait until no process of the release before runs, unless
    downtime is allowed. Of a project with tenants, the shared tables and all tenants are deployed.
    """
    settings = load()
    allow_downtime = allow_downtime or settings.allow_downtime
    if settings.tenants:
        from berceau.workflows.tenants.rules import Rules

        patterns = tuple(filter(None, tenants.split(","))) or ("*",)
        count = parse_count(jobs, "--jobs", "number of tenants")
        _deploy_all(
            settings, Rules(contract, allow_downtime, patterns, count, canary or None, keep_going)
        )
        return
    if tenants or canary or keep_going or jobs != "1":
        raise SettingsError(
            "--tenants, --jobs, --canary and --keep-going are for a project with tenants.",
            cure="Leave them out, or set berceau.tenants = schema.",
        )
    from berceau.workflows.deploy import migration_directory
    from berceau.workflows.deploy.phased import deploy_contract, deploy_expand
    from berceau.workflows.shared.databases import resolve_databases

    databases, found = resolve_databases(settings), migration_directory.read(settings.migrations)
    if contract or allow_downtime:
        done = deploy_contract(databases, found, say, allow_downtime=allow_downtime)
    else:
        done = deploy_expand(databases, found, say)
    applied = ", ".join(done.applied)
    nothing = "nothing else is pending" if done.notes else "nothing is pending"
    say(f"deploy: applied {applied}" if applied else f"deploy: {nothing}")
    for note in done.notes:
        say(f"deploy: {note}")


def _deploy_all(settings: Settings, rules: "Rules") -> None:
    from berceau.workflows.tenants.deploying import deploy_all

    done = deploy_all(settings, say, rules)
    if done.shared:
        say(f"deploy: applied to the shared tables: {', '.join(done.shared)}")
    if done.tenants:
        names = dict.fromkeys(name for applied in done.tenants.values() for name in applied)
        say(f"deploy: applied to {counted(len(done.tenants), 'tenant')}: {', '.join(names)}")
    if not (done.shared or done.tenants):
        say("deploy: nothing else is pending" if done.notes else "deploy: nothing is pending")
    for note in done.notes:
        say(f"deploy: {note}")
    for tenant in done.skipped:
        say(f"deploy: left out the tenant {tenant}: {tenant.deed}")
    if done.failed:
        from berceau.workflows.tenants.many import failure

        raise failure(done.failed)


@command(
    help={
        "allow-data-loss": "allow it to drop tables and columns that hold data",
        "to": "undo all migrations after this one; `zero` undoes all",
    }
    | HELP
)
def down(
    _: Context,
    to: str | None = None,
    allow_data_loss: bool = False,
    scope: str | None = None,
) -> None:
    """Undo the last migration, or all down to another one, by their down.sql."""
    from berceau.workflows.deploy import migration_directory
    from berceau.workflows.deploy.down import down as run
    from berceau.workflows.shared.databases import resolve_databases

    settings = load()
    chosen = known_scope(settings, scope)
    if settings.tenants:
        from berceau.workflows.tenants.down import down_all

        done = down_all(settings, chosen, to, say, allow_data_loss=allow_data_loss)
        for tenant, names in done.items():
            of = f"of the tenant {tenant}" if tenant else "of the shared tables"
            say(f"down: undid {', '.join(names)} {of}")
        if not done:
            say("down: nothing is applied")
        return
    undone = run(
        resolve_databases(settings).migration_url,
        migration_directory.read(settings.migrations),
        to,
        allow_data_loss=allow_data_loss,
        report=say,
    )
    say(f"down: undid {', '.join(undone)}" if undone else "down: nothing is applied")


@command(
    help={
        "applied": "its changes are in the database",
        "done": "the number of its statements that took effect",
        "name": "the migration that failed",
        "rolled-back": "none of its changes are in the database",
        "tenant": "the tenant in which it failed, where there are some; without it, shared tables",
    }
)
def resolve(
    _: Context,
    name: str,
    applied: bool = False,
    rolled_back: bool = False,
    done: int = -1,
    tenant: str | None = None,
) -> None:
    """Settle a failed migration, after you have checked its effect in the database."""
    from berceau.workflows.deploy import migration_directory
    from berceau.workflows.deploy import resolve as resolving
    from berceau.workflows.shared.databases import resolve_databases
    from berceau.workflows.tenants import versions

    if applied + rolled_back + (done >= 0) != 1:
        raise MigrationError(
            "The command needs to know whether the migration took effect.",
            cure=f"Add one of --applied, --rolled-back, --done NUMBER to `invoke migrate.resolve "
            f"{name}`.",
        )
    settings = _one(load(), tenant)
    migration_url, found = (
        resolve_databases(settings).migration_url,
        migration_directory.read(settings.migrations),
    )
    if applied:
        resolving.mark_applied(migration_url, found, name, say)
        say(f"resolve: {name} is applied")
    elif rolled_back:
        resolving.mark_rolled_back(migration_url, name, say)
        say(f"resolve: {name} is not applied; `invoke migrate.deploy` applies it")
    else:
        resolving.mark_done(migration_url, found, name, done, say)
        say(f"resolve: {name} goes on after statement {done} with the next command")
    if tenant is not None:
        versions.record(migration_url, tenant, say)


def _one(settings: Settings, tenant: str | None) -> Settings:
    """Return ``settings`` for a ``tenant``, or for the shared tables."""
    from berceau.workflows.tenants import targets

    if tenant is None:
        return targets.shared(settings)
    return targets.named(settings, tenant)
