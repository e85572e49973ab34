"""Reset: drop what the migrations made in a database, and migrate it again."""

from collections.abc import Iterable, Iterator

from berceau.migration.history import compare
from berceau.migration.migration import Migration
from berceau.migration.resume import taken_effect
from berceau.migration.splitter import split
from berceau.postgres.core.url import Url
from berceau.postgres.inspect import removal
from berceau.postgres.inspect.extensions import made_by
from berceau.postgres.inspect.objects import Object
from berceau.postgres.runner import ledger, seeds
from berceau.postgres.runner.progress import Report, silent
from berceau.schema.managed import managed
from berceau.schema.names import quote_name
from berceau.workflows.deploy.deploy import apply_pending, deploying
from berceau.workflows.deploy.replay import APPLIED, read, replay_cached
from berceau.workflows.shared.cache import SchemaCache
from berceau.workflows.shared.wording import counted


def reset(
    migration_url: Url,
    migrations: tuple[Migration, ...],
    cache: SchemaCache,
    report: Report = silent,
) -> tuple[str, ...]:
    """Drop all objects that the applied migrations made, and apply ``migrations``.

    An extension stays where it may have been there before: ``CREATE EXTENSION IF NOT EXISTS``.
    Returns the names of what was applied. What no migration made stays; raises
    ``StatementError``, and drops nothing, where that depends on what was to be dropped, and
    ``HistoryError`` where ``migrations`` couldn't be applied.
    """
    with deploying(migration_url, report) as connection:
        compare(migrations, ()).require_sound()
        made = tuple(map(taken_effect, ledger.read(connection)))
        built = replay_cached(migration_url, made, cache, APPLIED)
        ours = managed(read(connection).schema, built.schema)
        report(
            f"dropping {counted(len(ours.tables), 'table')} and {counted(len(ours.enums), 'enum')}"
        )
        ledger.ensure(connection)

        def forget() -> None:
            ledger.clear(connection)
            seeds.clear(connection)

        extensions = (Object("extension", quote_name(name)) for name in made_by(made))
        others = (*built.objects, *extensions, *_of_the_database(made))
        removal.drop(connection, ours, others, forget)
        return apply_pending(connection, migrations, report)


def _of_the_database(migrations: Iterable[Migration]) -> Iterator[Object]:
    """Yield what ``migrations`` made that is in no schema, and that no dry run makes."""
    for migration in migrations:
        for statement in split(migration.sql):
            match statement.head:
                case ("create", "publication", name, *_):
                    yield Object("publication", name)
                case ("create", "event", "trigger", name, *_):
                    yield Object("event trigger", name)
