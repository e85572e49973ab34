"""How large a database is, who is connected to it, and how large each table of a schema is."""

from dataclasses import dataclass
from datetime import datetime

from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import fetch

_DATABASE = """
SELECT current_database(), current_setting('server_version'), pg_database_size(current_database()),
    pg_postmaster_start_time(), current_setting('max_connections')::int,
    (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()),
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')
"""
# What vacuum and ANALYZE counted; it is -1 before the first, and then changes are counted.
_TABLES = """
SELECT relname, pg_total_relation_size(oid), pg_indexes_size(oid),
    CASE WHEN reltuples < 0 THEN pg_stat_get_live_tuples(oid) ELSE reltuples END
FROM pg_class
WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
    AND relkind IN ('r', 'p')
ORDER BY relname
"""


@dataclass(frozen=True)
class TableFigures:
    """Sizes in bytes, and about how many rows there are: no table is counted for it."""

    name: str
    size: int
    index_size: int
    rows: int


@dataclass(frozen=True)
class DatabaseFigures:
    """The server's ``version``; a size in bytes; connections to this database, and to all."""

    tables: tuple[TableFigures, ...]
    name: str
    version: str
    size: int
    started_at: datetime
    max_connections: int
    connections: int
    all_connections: int


def read_figures(connection: Connection) -> DatabaseFigures:
    """Return the figures of the database, and of the tables in the schema of ``connection``.

    They come from the catalog: no table is read.
    """
    (facts,) = fetch(connection, _DATABASE)
    tables = tuple(
        TableFigures(name, size, index_size, round(rows))
        for name, size, index_size, rows in fetch(connection, _TABLES)
    )
    return DatabaseFigures(tables, *facts)
