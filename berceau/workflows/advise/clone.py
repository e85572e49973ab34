"""The clone that plans like the source of a file of statistics: made once, and used again."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import MappingProxyType

from berceau.errors import Location, StatisticsError
from berceau.migration.migration import Migration
from berceau.planner.knowledge import Knowledge
from berceau.planner.statistics import Statistics
from berceau.planner.statistics_file import from_text, to_text
from berceau.postgres.core.connection import connect
from berceau.postgres.core.url import Url
from berceau.postgres.inspect.moving import move_contents
from berceau.postgres.inspect.schemas import comment_schema, create_schema
from berceau.postgres.inspect.scratch import STAND_IN
from berceau.postgres.runner import runner
from berceau.postgres.statistics.explaining import PlanReader, reading
from berceau.postgres.statistics.planning import Made, Recipe, provide
from berceau.settings import Settings
from berceau.workflows.advise.saving import FOLDER
from berceau.workflows.deploy import migration_directory
from berceau.workflows.shared import fingerprint
from berceau.workflows.shared.databases import embedded_server
from berceau.workflows.tenants import histories

NONE: Mapping[str, str] = MappingProxyType({})
_TENANT = "berceau_tenant"
"""The schema in which a tenant's tables are made."""


def find_file(settings: Settings, given: str | None = None) -> Path:
    """Return the file of statistics to use: ``given``, that of the settings, or the only one.

    Raises ``StatisticsError``.
    """
    if given:
        return settings.root / given
    if settings.statistics_file:
        return _configured(settings.root, settings.statistics_file)
    found = sorted((settings.root / FOLDER).glob("*.json"))
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"{FOLDER}/{file.name}" for file in found)
    raise StatisticsError(
        f"There are several files of statistics: {names}."
        if found
        else f"There is no file of statistics in {FOLDER}/.",
        cure=f'Name one of them in pyproject.toml: file = "{FOLDER}/{found[0].name}" under '
        "[tool.berceau.statistics]."
        if found
        else "Save one of production with `invoke stats.save`, and commit it.",
    )


def _configured(root: Path, name: str) -> Path:
    """Return the file that the settings name, which has to be there."""
    file = root / name
    if not file.is_file():
        raise StatisticsError(
            f"There is no file {name}, which file of [tool.berceau.statistics] names.",
            where=Location(file=root / "pyproject.toml"),
            cure=f"Correct the name, or save it with `invoke stats.save {name}`.",
        )
    return file


def read_file(file: Path) -> Statistics:
    """Return the statistics in ``file``. Raises ``StatisticsError``."""
    try:
        return from_text(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise StatisticsError(
            f"It can't be read: {error}.",
            where=Location(file=file),
            cure="Correct the name, or save it with `invoke stats.save`.",
        ) from error
    except StatisticsError as error:
        raise error.at(Location(file=file)) from error


@contextmanager
def planning(
    settings: Settings, statistics: Statistics, candidates: Mapping[str, str] = NONE
) -> Iterator[tuple[PlanReader, Made]]:
    """Give the body what plans queries of the project by ``statistics``, and how that was made.

    The schema is that which the project's migrations build, in the embedded server: a clone has to
    change the server's files. The SQL of ``candidates`` makes indexes, by name, that can be tried.
    Raises ``BerceauError``.
    """
    migrations = migration_directory.read_all(settings)
    schema = schema_of(settings)
    server = embedded_server(settings)
    server.start()
    causes = (fingerprint.of_berceau(), schema, to_text(statistics), *map(repr, migrations))
    made_from = fingerprint.of_texts((*causes, *candidates.values()))
    fill = partial(_fill, settings, migrations)
    made = provide(server, Recipe(made_from, schema, statistics, fill, candidates))
    knows = Knowledge(statistics).has_values
    with reading(made, schema, knows, tries=bool(candidates)) as plans:
        yield plans, made


def _fill(settings: Settings, migrations: Sequence[Migration], url: Url) -> None:
    """Run the ``migrations`` of a project in the empty schema of ``url``.

    Where it has tenants, the tables of one are made behind the shared ones, as for a new tenant,
    and then moved to them: a query finds both, and no statistics name a schema.
    """
    if settings.tenants is None:
        with connect(url, autocommit=True) as connection:
            runner.replay(connection, migrations)
        return
    found = histories.read(settings)
    with connect(url, autocommit=True) as connection:
        runner.replay(connection, found.shared)
        create_schema(connection, _TENANT)
        comment_schema(connection, url.schema, STAND_IN)
    with connect(url.of_tenant(_TENANT), autocommit=True) as connection:
        runner.replay(connection, found.tenant)
        move_contents(connection, _TENANT, url.schema)


def schema_of(settings: Settings) -> str:
    """Return the name of the project's schema."""
    if settings.migration_database_url is None:
        return "public"
    return Url.parse(settings.migration_database_url).schema
