"""The overview of a running application, as one value."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from berceau.diagnostic import Diagnostic
from berceau.errors import BerceauError
from berceau.migration.history import History, compare
from berceau.migration.migration import Migration
from berceau.postgres.core.connection import connect
from berceau.postgres.inspect.figures import DatabaseFigures, read_figures
from berceau.postgres.inspect.glance import looking
from berceau.postgres.runner import ledger
from berceau.schema.model import Schema
from berceau.tenancy import Target
from berceau.workflows.build.build import last_findings
from berceau.workflows.build.declared import Declared, declared
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.status import Status, status
from berceau.workflows.describe.description import Description
from berceau.workflows.overview.attention import (
    Attention,
    of_error,
    of_findings,
    of_history,
    of_prepared,
    of_status,
    of_tables,
    of_warnings,
)
from berceau.workflows.overview.components import ComponentFacts, component_facts
from berceau.workflows.serve.start import Running
from berceau.workflows.shared.cache import SchemaCache
from berceau.workflows.write.migrate import Options
from berceau.workflows.write.prepared import prepare

NOTHING_KNOWN = Declared(Schema(), {})
"""What components declare that can't be imported."""


@dataclass(frozen=True)
class Overview:
    """A project and its database at one moment.

    ``findings`` are how many the last build has of each component, by name. ``attention`` has what
    isn't in order, the most urgent first. ``history`` is ``None`` where the
    files of migrations can't be read.
    """

    components: tuple[ComponentFacts, ...]
    database: DatabaseFigures
    history: History | None
    attention: tuple[Attention, ...]
    findings: Mapping[str, int]


def overview(running: Running, describe: Callable[[], Description]) -> Overview:
    """Return the overview of a ``running`` application; raises ``BerceauError``.

    What is wrong with its tables is taken from what ``describe`` returns.

    On a developer's machine, entities, migrations and database are compared with each other. In
    production nothing but the ledger is: the rest needs the owner's rights, and a scratch schema.
    """
    settings = running.settings
    url = running.databases.runtime_url
    with connect(url, autocommit=True) as connection, looking(connection):
        figures = read_figures(connection)
        lines = ledger.read(connection)
    attention = list(of_warnings(running.warnings))
    known = whole = NOTHING_KNOWN
    found: tuple[Diagnostic, ...] = ()
    history = None
    try:
        found = last_findings(settings) if settings.development else ()
        whole = declared(settings)
        known = whole.part(settings.target.scope) if settings.target else whole
    except BerceauError as error:
        attention.append(of_error(error, "The components can't be built"))
    attention += of_findings(found)
    try:
        migrations = migrations_of(running)
        history = compare(migrations, lines)
    except BerceauError as error:
        attention.append(of_error(error, "The migrations can't be read"))
    else:
        attention += of_history(history)
        if settings.development and known is not NOTHING_KNOWN:
            attention += _differences(running, known, migrations)
    if known is not NOTHING_KNOWN:
        attention += _looked(lambda: of_tables(describe()), "The tables can't be described")
    return Overview(
        component_facts(running.components, whole, settings.root.resolve()),
        figures,
        history,
        tuple(sorted(attention, key=lambda each: each.urgency)),
        Counter(each.component for each in found if each.component),
    )


def migrations_of(running: Running) -> tuple[Migration, ...]:
    """Return those on disk of what ``running`` targets: with tenants, by default what they share.

    In production, those of shared tables are as they were at the start, as the code was.
    """
    settings = running.settings
    if settings.tenants and settings.target is None:
        settings = settings.targeting(Target("shared"))
    is_tenants = settings.target is not None and settings.target.scope == "tenant"
    if settings.development or is_tenants:
        return migration_directory.read(settings.migrations)
    return running.migrations


def _differences(
    running: Running, known: Declared, migrations: tuple[Migration, ...]
) -> Iterator[Attention]:
    settings = running.settings

    def compared() -> Status:
        url, cache = running.databases.migration_url, SchemaCache(settings.cache)
        return status(url, known.schema, migrations, cache, waits=False)

    yield from _looked(
        lambda: of_prepared(
            prepare(settings, known.schema, known.component_by_name, Options(), {})
        ),
        "The entities can't be migrated as they are",
    )
    yield from _looked(lambda: of_status(compared()), "The database can't be compared")


def _looked(look: Callable[[], Iterable[Attention]], failed: str) -> Iterator[Attention]:
    try:
        yield from look()
    except BerceauError as error:
        yield of_error(error, failed)
