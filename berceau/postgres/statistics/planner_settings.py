"""The settings of a server that its planner reads: only these get from a source into a clone."""

from collections.abc import Iterable, Iterator, Mapping

from psycopg2 import sql

from berceau.errors import StatisticsError
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute, fetch

_OF_PLANNER = """
(category LIKE 'Query Tuning%%' AND name <> 'default_statistics_target' OR name IN (
    'work_mem', 'hash_mem_multiplier', 'max_parallel_workers_per_gather',
    'parallel_leader_participation'))
"""
_CHANGED = """
SELECT name, setting || CASE WHEN unit ~ '^\\d' THEN '' ELSE coalesce(unit, '') END,
       CASE WHEN unit ~ '^\\d' THEN regexp_replace(unit, '\\D', '', 'g')::bigint END
FROM pg_settings WHERE {of_planner} AND setting IS DISTINCT FROM boot_val
ORDER BY name
"""
_KNOWN = "SELECT name, {of_planner} FROM pg_settings WHERE name = ANY (%s) ORDER BY name"


def read_settings(connection: Connection) -> dict[str, str]:
    """Return the planner's settings that aren't the default, sizes in kB."""
    return {
        name: text if factor is None else f"{int(text) * factor}kB"
        for name, text, factor in fetch(connection, _CHANGED.format(of_planner=_OF_PLANNER), ())
    }


def set_settings(connection: Connection, database: str, settings: Mapping[str, str]) -> None:
    """Give ``database`` those of ``settings`` that this server has.

    Raises ``StatisticsError`` for one that isn't the planner's: it could change what the server
    loads and runs.
    """
    for name in tuple(_known(connection, settings)):
        change = sql.SQL("ALTER DATABASE {} SET {} = {}")
        names = map(sql.Identifier, (database, name))
        execute(connection, change.format(*names, sql.Literal(settings[name])))


def _known(connection: Connection, names: Iterable[str]) -> Iterator[str]:
    for name, is_of_planner in fetch(
        connection, _KNOWN.format(of_planner=_OF_PLANNER), (list(names),)
    ):
        if not is_of_planner:
            raise StatisticsError(
                f"The file of statistics has {name}, which isn't a setting of the planner.",
                cure="Take it out of the file.",
            )
        yield name
