"""What a database's planner knows, read from its catalogs: no table of the application is read."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from berceau.errors import StatisticsError
from berceau.planner.privacy import Privacy
from berceau.planner.statistics import (
    ColumnStatistics,
    IndexStatistics,
    Size,
    Statistics,
    TableStatistics,
    Values,
    rounded,
)
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import fetch, fetch_value
from berceau.postgres.core.own_tables import OWN_TABLES
from berceau.postgres.statistics.heights import Heights
from berceau.postgres.statistics.limits import read_extensions, read_numbers
from berceau.postgres.statistics.planner_settings import read_settings
from berceau.postgres.statistics.tracked_queries import read_queries, read_since

BLOCK = 8192
RANGES_SHOWN = 170000
"""pg_stats shows the statistics of ranges since PostgreSQL 17."""

# Sizes are the files', as the planner asks for them; pg_class has those of the last ANALYZE.
_RELATIONS = """
SELECT c.oid, c.relname, c.relkind::text, i.indrelid, c.relpages, c.reltuples,
       pg_relation_size(c.oid) / 8192, c.relallvisible, (to_jsonb(c) ->> 'relallfrozen')::int,
       am.amname, coalesce(s.n_tup_ins, 0), coalesce(s.n_tup_upd, 0), coalesce(s.n_tup_del, 0),
       coalesce(pg_stat_get_numscans(c.oid), 0),
       has_table_privilege(c.oid, 'SELECT') OR has_any_column_privilege(c.oid, 'SELECT')
           AND NOT row_security_active(c.oid)
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_index i ON i.indexrelid = c.oid
LEFT JOIN pg_am am ON am.oid = c.relam
LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
WHERE n.nspname = ANY (%(schemas)s) AND c.relkind IN ('r', 'p', 'm', 'i', 'I')
  AND c.relpersistence <> 't' AND (i.indexrelid IS NULL OR i.indisvalid)
  AND NOT coalesce((SELECT relname FROM pg_class WHERE oid = i.indrelid), c.relname) = ANY(%(own)s)
ORDER BY c.relname
"""
_COLUMNS = """
SELECT c.oid, CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, NULL)
                   ELSE format_type(t.oid, NULL) END,
       s.attname, s.null_frac, s.avg_width, s.n_distinct, s.correlation, s.inherited,
       s.most_common_vals::text, s.most_common_freqs, s.histogram_bounds::text,
       s.most_common_elems::text, s.most_common_elem_freqs, s.elem_count_histogram {ranges}
FROM pg_stats s
JOIN pg_namespace n ON n.nspname = s.schemaname
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = s.tablename
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = s.attname
JOIN pg_type t ON t.oid = a.atttypid
WHERE s.schemaname = ANY (%(schemas)s)
ORDER BY s.attname, s.inherited
"""
_RANGES = ", s.range_length_histogram::text, s.range_empty_frac, s.range_bounds_histogram::text"
# The columns that the expressions of an index are made of.
_USED = """
SELECT d.objid, c.relname, a.attname, format_type(a.atttypid, NULL)
FROM pg_depend d
JOIN pg_class i ON i.oid = d.objid AND i.relkind IN ('i', 'I')
JOIN pg_namespace n ON n.oid = i.relnamespace AND n.nspname = ANY (%(schemas)s)
JOIN pg_class c ON c.oid = d.refobjid
JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
  AND d.refobjsubid > 0
"""
_EXTENDED = """
SELECT stxrelid::regclass::text || '.' || stxname FROM pg_statistic_ext
WHERE stxnamespace IN (SELECT oid FROM pg_namespace WHERE nspname = ANY (%(schemas)s))
      AND stxrelid IN (SELECT oid FROM pg_class)  -- no parts of tables of Citus
   OR stxrelid IN (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                   WHERE n.nspname = ANY (%(schemas)s))
ORDER BY 1
"""
_COLLATION = """
SELECT CASE WHEN to_jsonb(d) ->> 'datlocprovider' = 'b' OR datcollate IN ('C', 'POSIX')
                 AND to_jsonb(d) ->> 'datlocprovider' = 'c' THEN 'C' ELSE datcollate END
FROM pg_database d WHERE datname = current_database()
"""


Columns = Mapping[int, Sequence[ColumnStatistics]]
"""The statistics of columns, by the oid of their relation."""


class _Relation(NamedTuple):
    oid: int
    name: str
    kind: str
    table: int | None
    relpages: int
    reltuples: float
    blocks: int
    relallvisible: int
    relallfrozen: int | None
    method: str | None
    inserted: int
    updated: int
    deleted: int
    scans: int
    visible: bool

    @property
    def size(self) -> Size:
        return Size(
            self.relpages, self.reltuples, self.blocks, self.relallvisible, self.relallfrozen
        )


@dataclass(frozen=True)
class Read:
    """The ``statistics`` of a database; ``notes`` are sentences on what couldn't be read, and why.

    ``withheld`` are the columns that keep their values back, as in ``person.email``.
    """

    statistics: Statistics
    withheld: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read(
    connection: Connection,
    schema: str,
    privacy: Privacy | None = None,
    tenant: str | None = None,
) -> Read:
    """Return what the planner knows of ``schema``, with values as far as ``privacy`` allows it.

    Without ``privacy`` there are none. The tables of the schema of a ``tenant`` are among the
    others. The connection, in autocommit mode, may be to a standby. Raises ``StatisticsError``.
    """
    _require_ours(connection, schema)
    schemas = [*filter(None, (schema, tenant))]
    relations = _relations(connection, schemas)
    if not any(each.table is None for each in relations):
        raise StatisticsError(
            f"The schema {schema!r} of the database {connection.info.dbname!r} has no tables.",
            cure="Set DATABASE_URL to the database whose statistics you want, or migrate it.",
        )
    columns, withheld = _columns(connection, schemas, relations, privacy)
    heights = Heights(connection)
    tables = _tables(relations, columns, heights)
    queries, query_notes = read_queries(connection)
    since, days = read_since(connection)
    statistics = Statistics(
        postgresql=connection.server_version,
        schema=schema,
        collation=fetch_value(connection, _COLLATION),
        settings=read_settings(connection),
        since=since,
        days=days,
        numbers=read_numbers(connection, schemas),
        extensions=read_extensions(connection),
        tables=tables,
        queries=queries,
        database=connection.info.dbname,
    )
    notes = (
        *_missing(connection, relations, tables),
        *_extended(connection, schemas),
        *heights.notes,
        *query_notes,
    )
    return Read(statistics, withheld, notes)


def read_sizes(connection: Connection, schemas: Sequence[str]) -> Statistics:
    """Return the sizes of tables and indexes of ``schemas``, and how much they are used.

    Two quick queries, in any transaction. What is known of columns isn't read.
    """
    since, days = read_since(connection)
    return Statistics(
        postgresql=connection.server_version,
        schema=schemas[0],
        since=since,
        days=days,
        tables=_tables(_relations(connection, list(schemas)), {}, None),
    )


def _require_ours(connection: Connection, schema: str) -> None:
    if not fetch(connection, "SELECT FROM pg_namespace WHERE nspname = %s", (schema,)):
        raise StatisticsError(
            f"The database {connection.info.dbname!r} has no schema {schema!r}.",
            cure="Correct ?schema= in the URL.",
        )
    if int(fetch_value(connection, "SHOW block_size")) != BLOCK:
        raise StatisticsError(
            "The server's pages aren't of 8 kB, and plans depend on that.",
            cure="Take the statistics of a server that was built with the usual size.",
        )


def _relations(connection: Connection, schemas: list[str]) -> tuple[_Relation, ...]:
    values = {"schemas": schemas, "own": list(OWN_TABLES)}
    return tuple(_Relation(*row) for row in fetch(connection, _RELATIONS, values))


def _columns(
    connection: Connection,
    schemas: list[str],
    relations: Iterable[_Relation],
    privacy: Privacy | None,
) -> tuple[Columns, tuple[str, ...]]:
    """Return the statistics of columns by relation, and which keep their values back."""
    ranges = _RANGES if connection.server_version >= RANGES_SHOWN else ", NULL, NULL, NULL"
    names = {each.oid: each.name for each in relations}
    used: dict[int, list[tuple[str, str, str]]] = defaultdict(list)
    for index, table, column, kind in fetch(connection, _USED, {"schemas": schemas}):
        used[index].append((table, column, kind))
    found: dict[int, list[ColumnStatistics]] = defaultdict(list)
    withheld: set[str] = set()
    for row in fetch(connection, _COLUMNS.format(ranges=ranges), {"schemas": schemas}):
        oid, kind, known, rest = row[0], row[1], ColumnStatistics(*row[2:8]), row[8:]
        if oid not in names:
            continue
        quoted: list[Any] = [tuple(each) if isinstance(each, list) else each for each in rest]
        values = Values(*quoted)
        of = ((names[oid], known.name, kind), *used[oid])
        private = any(privacy.withholds(*each, known.avg_width) for each in of) if privacy else True
        if values != Values():
            if private:
                withheld.add(f"{names[oid]}.{known.name}")
            else:
                known = replace(known, values=values)
        found[oid].append(known)
    return found, tuple(sorted(withheld))


def _tables(
    relations: Iterable[_Relation], columns: Columns, heights: Heights | None
) -> tuple[TableStatistics, ...]:
    indexes: dict[int, list[IndexStatistics]] = defaultdict(list)
    for each in relations:
        if each.table is not None:
            is_tree = each.method == "btree" and each.kind == "i"
            height = heights.of(each.oid) if heights and is_tree else None
            known = tuple(columns.get(each.oid, ()))
            indexes[each.table].append(
                IndexStatistics(each.name, each.size, height, rounded(each.scans), known)
            )
    return tuple(
        TableStatistics(
            each.name,
            each.size,
            tuple(columns.get(each.oid, ())),
            tuple(indexes[each.oid]),
            *map(rounded, (each.inserted, each.updated, each.deleted)),
        )
        for each in relations
        if each.table is None
    )


def _missing(
    connection: Connection, relations: Iterable[_Relation], tables: Iterable[TableStatistics]
) -> Iterator[str]:
    """Yield sentences on tables without statistics, and why."""
    hidden = [each.name for each in relations if each.table is None and not each.visible]
    if hidden:
        yield (
            f"The role {connection.info.user!r} may not see the statistics of {', '.join(hidden)}: "
            "use the owner's URL, MIGRATION_DATABASE_URL."
        )
    if bare := [each.name for each in tables if not each.analysed and each.name not in hidden]:
        yield f"Never analysed: {', '.join(bare)}. Run ANALYZE there, and save again."


def _extended(connection: Connection, schemas: list[str]) -> Iterator[str]:
    if names := [name for (name,) in fetch(connection, _EXTENDED, {"schemas": schemas})]:
        yield (
            f"Extended statistics aren't in the file, since PostgreSQL 18 can't load them: "
            f"{', '.join(names)}."
        )
