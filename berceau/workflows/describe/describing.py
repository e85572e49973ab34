"""The description of a project: what its components declare, joined with what a database has."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from berceau.components import Component
from berceau.lint.file_facts import FileFacts
from berceau.lint.places import Places
from berceau.migration.migration import Migration
from berceau.migration.origins import Place, origins
from berceau.orm import db
from berceau.orm.attributes import read_attributes
from berceau.orm.mapping import enum_classes
from berceau.planner.codes import NEVER_ANALYSED
from berceau.planner.schema_findings import Finding, schema_findings
from berceau.planner.statistics import IndexStatistics, Statistics, TableStatistics
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import fetch_value
from berceau.postgres.inspect import catalog
from berceau.postgres.inspect.glance import looking
from berceau.postgres.statistics import reading
from berceau.schema.model import Column, Index, Schema, Table
from berceau.schema.names import quote_name, unquote_name
from berceau.schema.type_names import spelled
from berceau.settings import Settings
from berceau.workflows.advise.found import Dismissals, of_schema
from berceau.workflows.build.compose import compose
from berceau.workflows.build.dependencies import dependencies
from berceau.workflows.build.file_facts import Reading
from berceau.workflows.deploy import migration_directory
from berceau.workflows.describe.description import (
    DescribedColumn,
    DescribedComponent,
    DescribedEnum,
    DescribedIndex,
    DescribedTable,
    Description,
)
from berceau.workflows.describe.written import Written

_BLOCK = 8192


def describe(settings: Settings, connection: Connection | None = None) -> Description:
    """Return what the components of a project declare: tables, columns, relations and enums.

    With a ``connection``, tables and types are those of its schema, with the
    sizes and uses of indexes; what no component declares is among them, and what the schema lacks
    is marked. Nothing is written. Raises ``ComponentError`` and its kin, and
    ``MigrationFileError``.
    """
    declared = _declared(settings)
    migrations = migration_directory.read_all(settings)
    held = _read(connection, settings) if connection is not None else None
    findings = _findings(settings, declared, held) if held is not None else {}
    tables = _Tables(declared, origins(migrations), held, findings)
    return Description(
        components=declared.components,
        tables=tables.all(),
        enums=tables.enums(),
        head=_head(migrations),
        since=held.statistics.since if held else None,
    )


@dataclass(frozen=True)
class _Declared:
    """What entities and their files say: it doesn't change while a process runs."""

    components: tuple[DescribedComponent, ...]
    component_by_name: Mapping[str, str]
    schema: Schema
    written: Written
    places: Places
    facts: Mapping[Path, FileFacts]


@lru_cache(1)
def _declared(settings: Settings) -> _Declared:
    composition = compose(settings.components)
    with Reading(settings, composition.components) as notes:
        facts = notes.notes()
    attributes = tuple(read_attributes(db))
    needs = dependencies(composition.components, attributes, facts)
    components = tuple(
        DescribedComponent(
            each.name,
            _text(each),
            needs.get(each.name, ()),
            not _is_own(each, settings),
            each.scope if settings.tenants else None,
        )
        for each in composition.components
    )
    written = Written(settings.root, composition.components, attributes, facts)
    schema = _spelled(composition.schema)
    places = Places(attributes, enum_classes(db), facts)
    return _Declared(components, composition.component_by_name, schema, written, places, facts)


def _is_own(component: Component, settings: Settings) -> bool:
    return component.path.parent == settings.components


def _text(component: Component) -> str:
    """Return the docstring of a component's package, which may not be imported."""
    try:
        tree = ast.parse((component.path / "__init__.py").read_bytes())
    except (OSError, SyntaxError, ValueError):
        return ""
    return ast.get_docstring(tree) or ""


def _head(migrations: Iterable[Migration]) -> str | None:
    return max((each.name for each in migrations), default=None)


@dataclass(frozen=True)
class _Held:
    """What a database has; with tenants, the schema of one isn't the ``whole``."""

    schema: Schema
    statistics: Statistics
    whole: bool


def _findings(
    settings: Settings, declared: _Declared, held: _Held
) -> Mapping[str, Sequence[Finding]]:
    """Return what is wrong with keys and indexes, and isn't dismissed, by table."""
    found: dict[str, list[Finding]] = defaultdict(list)
    dismissals = Dismissals(settings, declared.facts)
    for each in schema_findings(held.schema, held.statistics):
        place = declared.places.of_name(each.table, each.column)
        kept, _ = dismissals.without([of_schema(each, place, settings.root)])
        if kept and each.code != NEVER_ANALYSED:  # sizes alone don't show whether it was
            found[each.table].append(each)
    return found


def _read(connection: Connection, settings: Settings) -> _Held:
    schemas = [fetch_value(connection, "SELECT current_schema()")]
    if settings.tenants:  # behind those of a tenant are the shared tables
        schemas = fetch_value(connection, "SELECT current_schemas(false)::text[]")
    with looking(connection):
        sizes = reading.read_sizes(connection, schemas)
        return _Held(catalog.read(connection), sizes, whole=not settings.tenants)


def _spelled(schema: Schema) -> Schema:
    """Return ``schema`` with types as PostgreSQL prints them."""
    return replace(
        schema,
        tables=tuple(
            replace(
                table,
                columns=tuple(replace(each, type=spelled(each.type)) for each in table.columns),
            )
            for table in schema.tables
        ),
    )


class _Tables:
    """Joins what is declared with what a database has, where one was asked."""

    def __init__(
        self,
        declared: _Declared,
        origins: Mapping[Place, str],
        held: _Held | None,
        findings: Mapping[str, Sequence[Finding]],
    ) -> None:
        self._written = declared.written
        self._components = declared.component_by_name
        self._origins = origins
        declared_tables = {each.name: each for each in declared.schema.tables}
        self._labels = {each.name: each.labels for each in declared.schema.enums}
        self._held = {each.name for each in held.schema.tables} if held and held.whole else None
        self._known = {each.name: each for each in held.statistics.tables} if held else {}
        self._findings = findings
        self._labels |= {each.name: each.labels for each in held.schema.enums} if held else {}
        there = {each.name: each for each in held.schema.tables} if held else {}
        self._merged = {
            name: _merged(declared_tables.get(name), there.get(name))
            for name in sorted({*declared_tables, *there})
        }

    def all(self) -> tuple[DescribedTable, ...]:
        """Return the tables, sorted by name."""
        return tuple(self._table(name, table) for name, table in self._merged.items())

    def enums(self) -> tuple[DescribedEnum, ...]:
        """Return the enums, sorted by name."""
        used: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for name, table in self._merged.items():
            for column in table.columns:
                used[unquote_name(column.type.removesuffix("[]"))].append((name, column.name))
        return tuple(
            replace(
                self._written.enum(name, self._labels[name], self._origins),
                component=self._components.get(name),
                used_by=tuple(used[name]),
                migration=self._origins.get((name,)),
            )
            for name in sorted(self._labels)
        )

    def _table(self, name: str, table: Table) -> DescribedTable:
        known = self._known.get(name)
        indexes = tuple(_indexes(table, known))
        refers = {
            column: (key.target, target)
            for key in table.foreign_keys
            for column, target in zip(key.columns, key.target_columns, strict=True)
        }
        return DescribedTable(
            table=table,
            component=self._components.get(name),
            entities=self._written.entities_of(table),
            columns=tuple(
                replace(
                    self._column(table, each),
                    refers_to=refers.get(each.name),
                    is_key=bool(table.primary_key and each.name in table.primary_key.columns),
                )
                for each in table.columns
            ),
            indexes=indexes,
            links=self._written.links(name),
            migration=self._origins.get((name,)),
            is_missing=self._held is not None and name not in self._held,
            rows=int(known.size.reltuples) if known and known.size.reltuples >= 0 else None,
            bytes=_size(known) if known else None,
            findings=tuple(self._findings.get(name, ())),
        )

    def _column(self, table: Table, column: Column) -> DescribedColumn:
        migration = self._origins.get((table.name, column.name))
        return replace(self._written.column(table.name, column), migration=migration)


def _merged(declared: Table | None, held: Table | None) -> Table:
    """Return a table as the database has it, and columns that only entities declare."""
    if held is None or declared is None:
        return held or declared or Table("", ())
    there = {each.name for each in held.columns}
    more = tuple(each for each in declared.columns if each.name not in there)
    return replace(held, columns=(*held.columns, *more))


def _indexes(table: Table, known: TableStatistics | None) -> Iterable[DescribedIndex]:
    uses: dict[str, IndexStatistics] = {each.name: each for each in known.indexes} if known else {}
    made = [(each.name, each.columns) for each in table.uniques]
    if table.primary_key is not None:
        made.insert(0, (table.primary_key.name, table.primary_key.columns))
    constraints = [Index(name, tuple(map(quote_name, keys)), unique=True) for name, keys in made]
    for index in (*constraints, *table.indexes):
        use = uses.get(index.name)
        yield DescribedIndex(
            index,
            constraint=index in constraints,
            bytes=use.size.blocks * _BLOCK if use else None,
            scans=use.scans if use else None,
        )


def _size(known: TableStatistics) -> int:
    return (known.size.blocks + sum(each.size.blocks for each in known.indexes)) * _BLOCK
