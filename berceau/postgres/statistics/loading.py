"""Statistics put into the catalogs of a database, where the planner finds them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

from psycopg2.extensions import cursor as Cursor

from berceau.planner.sizes import estimate_height
from berceau.planner.statistics import ColumnStatistics, Size, Statistics, TableStatistics, Values
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute, fetch
from berceau.postgres.statistics.growing import Growth

_RELATIONS = """
SELECT c.oid::int8, c.relname, i.indrelid::int8, am.amname,
       ARRAY(SELECT attname::text FROM pg_attribute
             WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped)
FROM pg_class c
LEFT JOIN pg_index i ON i.indexrelid = c.oid
LEFT JOIN pg_am am ON am.oid = c.relam
WHERE c.relnamespace = to_regnamespace(quote_ident(%s)) AND c.relkind IN ('r', 'p', 'm', 'i', 'I')
ORDER BY c.relname
"""
_RELATION = """
SELECT pg_restore_relation_stats('schemaname', %s, 'relname', %s, 'relpages', %s::int,
    'reltuples', %s::real, 'relallvisible', %s::int, 'relallfrozen', %s::int)
"""
# A value that is NULL counts as not given.
_COLUMN = """
SELECT pg_restore_attribute_stats('schemaname', %s, 'relname', %s, 'attname', %s,
    'inherited', %s::bool, 'null_frac', %s::real, 'avg_width', %s::int, 'n_distinct', %s::real,
    'correlation', %s::real, 'most_common_vals', %s::text, 'most_common_freqs', %s::real[],
    'histogram_bounds', %s::text, 'most_common_elems', %s::text,
    'most_common_elem_freqs', %s::real[], 'elem_count_histogram', %s::real[],
    'range_length_histogram', %s::text, 'range_empty_frac', %s::real,
    'range_bounds_histogram', %s::text)
"""
# An ANALYZE would find no rows, and take the statistics away.
_LEFT_ALONE = """
SELECT format('ALTER TABLE %%s SET (autovacuum_enabled = off)', c.oid::regclass)
       || CASE WHEN c.reltoastrelid = 0 THEN '' ELSE format(
           '; ALTER TABLE %%s SET (toast.autovacuum_enabled = off)', c.oid::regclass) END
FROM pg_class c
WHERE c.relnamespace = to_regnamespace(quote_ident(%s)) AND c.relkind = 'r'
"""
_FILLED = """
SELECT string_agg(oid::regclass::text, ', ') FROM pg_class
WHERE relnamespace = to_regnamespace(quote_ident(%s)) AND relkind = 'r'
  AND pg_relation_size(oid) > 0
"""


@dataclass(frozen=True)
class Relation:
    """A relation of the clone; an index has a ``table`` and a ``method``."""

    oid: int
    name: str
    table: int | None
    method: str | None
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Loaded:
    """What was loaded: how far relations are to grow, and which indexes the source doesn't have.

    ``notes`` are sentences on how source and clone differ.
    """

    growths: tuple[Growth, ...]
    new_indexes: tuple[Relation, ...]
    notes: tuple[str, ...]


def make_still(connection: Connection, schema: str) -> None:
    """Take all rows out of the tables of ``schema``, and keep autovacuum from them."""
    for (text,) in fetch(connection, _LEFT_ALONE, (schema,)):
        execute(connection, text)
    for (names,) in fetch(connection, _FILLED, (schema,)):
        if names:  # a migration wrote rows; no trigger is to see that they go
            execute(connection, "SET session_replication_role = replica")
            execute(connection, f"TRUNCATE {names} CASCADE")
            execute(connection, "RESET session_replication_role")


def load(connection: Connection, schema: str, statistics: Statistics) -> Loaded:
    """Give the tables of ``schema`` the ``statistics``, as far as they are there.

    The connection is a superuser's.
    """
    relations = tuple(
        Relation(oid, name, table, method, tuple(columns))
        for oid, name, table, method, columns in fetch(connection, _RELATIONS, (schema,))
    )
    loading = _Loading(schema, {each.name: each for each in relations})
    del connection.notices[:]
    with connection.cursor() as cursor:
        for table in statistics.tables:
            loading.load_table(cursor, table)
    new = tuple(each for each in relations if each.oid not in loading.growths)
    return Loaded(
        tuple(loading.growths.values()),
        tuple(each for each in new if each.table is not None),
        tuple(_notes(loading.gone, new, relations, statistics, connection.notices)),
    )


class _Loading:
    """Loads relations of ``schema``; ``growths`` and ``gone`` are what came of it so far."""

    def __init__(self, schema: str, relations: Mapping[str, Relation]) -> None:
        self._schema = schema
        self._relations = relations
        self.growths: dict[int, Growth] = {}
        self.gone: list[str] = []

    def load_table(self, cursor: Cursor, table: TableStatistics) -> None:
        """Load the statistics of ``table`` and its indexes."""
        relation = self._find("table", table.name)
        if relation is None:
            return
        self._load(cursor, relation, table.size, table.columns, 0)
        known = {each.name: each for each in table.columns}
        for index in table.indexes:
            relation = self._find("index", index.name)
            if relation is not None:
                height = index.height
                if height is None and relation.method == "btree":
                    keys = (known[name] for name in relation.columns if name in known)
                    height = estimate_height(index.size.blocks, (*index.columns, *keys))
                self._load(cursor, relation, index.size, index.columns, height or 0)

    def _find(self, kind: str, name: str) -> Relation | None:
        if name not in self._relations:
            self.gone.append(f"{kind} {name}")
        return self._relations.get(name)

    def _load(
        self,
        cursor: Cursor,
        relation: Relation,
        size: Size,
        columns: Sequence[ColumnStatistics],
        height: int,
    ) -> None:
        name = (self._schema, relation.name)
        sizes = (size.relpages, size.reltuples, size.relallvisible, size.relallfrozen)
        cursor.execute(_RELATION, (*name, *sizes))
        for each in columns:
            if each.name in relation.columns:
                numbers = (each.null_frac, each.avg_width, each.n_distinct, each.correlation)
                values = map(_as_list, astuple(each.values or Values()))
                cursor.execute(_COLUMN, (*name, each.name, each.inherited, *numbers, *values))
            else:
                self.gone.append(f"column {relation.name}.{each.name}")
        self.growths[relation.oid] = Growth(relation.oid, size.blocks, height)


def _as_list(value: Any) -> Any:
    """Return an array as psycopg2 writes one."""
    return list(value) if isinstance(value, tuple) else value


def _notes(
    gone: Sequence[str],
    new: Iterable[Relation],
    relations: Iterable[Relation],
    statistics: Statistics,
    warnings: Iterable[str],
) -> Iterator[str]:
    if gone:
        yield f"Of the source only, and left out: {', '.join(gone)}."
    tables = [each.name for each in new if each.table is None]
    if tables:
        yield f"Without statistics, so planned by PostgreSQL's guess: {', '.join(tables)}."
    fresh = [path for table in statistics.tables for path in _new_columns(table, relations)]
    if fresh:
        yield f"Columns without statistics: {', '.join(fresh)}."
    for warning in warnings:
        text = warning.strip().partition("\n")[0]
        yield f"PostgreSQL didn't load all statistics. It says: {text}."


def _new_columns(table: TableStatistics, relations: Iterable[Relation]) -> Iterator[str]:
    if not table.columns:
        return
    known = {each.name for each in table.columns}
    for relation in relations:
        if relation.name == table.name and relation.table is None:
            yield from (f"{table.name}.{name}" for name in relation.columns if name not in known)


def of_columns(
    statistics: Statistics, table: str, names: Iterable[str]
) -> tuple[ColumnStatistics, ...]:
    """Return the statistics of the columns ``names``; of one that has none, an average guess."""
    found = statistics.table(table)
    known = {each.name: each for each in (found.columns if found else ())}
    return tuple(known.get(name) or ColumnStatistics(name, 0.0, 16, -1.0) for name in names)
