"""``invoke migrate.check``: for CI, all that is wrong with the migrations, with stable codes."""

from dataclasses import asdict
from functools import partial

from invoke.context import Context

from berceau.errors import HistoryError
from berceau.tasks.command import command
from berceau.tasks.project import load, print_json, say


@command(help={"json": "print one JSON document"})
def check(_: Context, json: bool = False) -> None:
    """Fail if the migrations contradict the entities, the database, or each other."""
    from berceau.workflows.build.declared import declared
    from berceau.workflows.history.check import check as run
    from berceau.workflows.shared.cache import SchemaCache
    from berceau.workflows.shared.databases import resolve_databases
    from berceau.workflows.write.left import find_left

    settings = load()
    components = declared(settings)
    cache = SchemaCache(settings.cache)
    migration_url = resolve_databases(settings).migration_url
    left = partial(find_left, settings, components.schema, components.component_by_name)
    findings = run(
        migration_url, components.schema, settings.migrations, cache, settings.unmanaged, left
    )
    if json:
        print_json({"findings": [asdict(each) for each in findings]})
    elif not findings:
        say("check: entities, migrations and database agree")
    if findings:
        codes = ", ".join(each.code for each in findings)
        found = "" if json else "\n" + "\n".join(map(str, findings))
        raise HistoryError(f"The migrations need attention: {codes}.{found}")
