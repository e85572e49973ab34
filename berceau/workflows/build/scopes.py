"""Scopes: which tables may refer to which, where some are all tenants' and some each one's own."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from berceau.components import Component, by_folder, component_of
from berceau.orm import db
from berceau.orm.attributes import Attribute, read_attributes
from berceau.orm.diagnosis import place_of, place_of_attribute
from berceau.orm.distribution import REFERENCE, word_of
from berceau.schema.model import Schema
from berceau.schema.names import unquote_name
from berceau.schema.placement import Distribution
from berceau.tenancy import Scope
from berceau.workflows.build.misplaced import Misplaced


class Scopes:
    """The scopes of ``components``, by file; what is in none of them is each tenant's."""

    def __init__(self, components: Iterable[Component]) -> None:
        self._folders = by_folder(components)
        self._scopes = {each.name: each.scope for each in self._folders.values()}

    @property
    def shared(self) -> tuple[str, ...]:
        """The names of the shared components."""
        return tuple(name for name, scope in self._scopes.items() if scope == "shared")

    def of(self, file: Path) -> Scope:
        """Return the scope of the component of ``file``."""
        component = component_of(file, self._folders)
        return self._scopes[component.name] if component else "tenant"

    def find_misplaced(
        self, schema: Schema, component_by_name: Mapping[str, str]
    ) -> tuple[Misplaced, ...]:
        """Return what leads from shared entities to a tenant's, as the mapped entities declare.

        And, where Citus is meant to have tables on all servers, what leads to others from a
        tenant's, which may be on another server.
        """
        placed = {each.name: each.distribution for each in schema.tables if each.distribution}
        if not (self.shared or placed):
            return ()
        attributes = tuple(read_attributes(db))
        enums = {
            each.name
            for each in schema.enums
            if component_by_name.get(each.name) not in self.shared
        }
        types = {
            (table.name, column.name): unquote_name(column.type.removesuffix("[]"))
            for table in schema.tables
            for column in table.columns
        }
        found = (
            *self._relations(attributes),
            *self._heirs(attributes),
            *self._enums(attributes, types, enums),
            *self._placed(attributes, placed),
        )
        return tuple(replace(each, component=self._component(Path(each.file))) for each in found)

    def _relations(self, attributes: tuple[Attribute, ...]) -> Iterator[Misplaced]:
        homes = {each.entity: each.home for each in attributes}
        for each in attributes:
            if each.inherited or each.made or not each.target or self.of(each.file) == "tenant":
                continue
            other = self._component(homes[each.target])
            if self.of(homes[each.target]) == "tenant":
                yield _at(
                    each,
                    f"{each} is shared by all tenants, but {each.target} is each tenant's own.",
                    f"Declare the relation in the component {other}, which may refer to shared "
                    f'entities, or write scope = "shared" into its __init__.py.',
                )

    def _placed(
        self, attributes: tuple[Attribute, ...], placed: Mapping[str, Distribution]
    ) -> Iterator[Misplaced]:
        tables = {each.entity: (each.table, each.home) for each in attributes}
        for entity, (table, home) in tables.items():
            if table in placed and self.of(home) == "tenant":
                where = place_of(db.entities[entity], word_of(placed[table]))
                yield Misplaced(
                    f"{entity} is to be {placed[table]}, but each tenant has a table of its own.",
                    'Write scope = "shared" into its component, or remove the word: Citus has all '
                    "tables of a tenant on one server.",
                    None,
                    str(where.file),
                    where.line,
                )
        for each in attributes if placed else ():
            if each.inherited or each.made or not (each.target and (each.columns or each.link)):
                continue
            table, home = tables[each.target]
            on_all = table in placed and placed[table].column is None
            if self.of(each.file) == "tenant" and self.of(home) == "shared" and not on_all:
                yield _at(
                    each,
                    f"{each} leads from a tenant's table, which Citus may have on any server, to "
                    f"{each.target}, which isn't on all of them.",
                    f"Write {REFERENCE} = True into the class {each.target}.",
                )

    def _heirs(self, attributes: tuple[Attribute, ...]) -> Iterator[Misplaced]:
        homes = {each.entity: each.home for each in attributes}
        heirs = {each.entity: each.declared_by for each in attributes if each.inherited}
        for entity, parent in heirs.items():
            if self.of(homes[entity]) != self.of(homes[parent]):
                where = place_of(db.entities[entity])
                yield Misplaced(
                    f"{entity} and {parent} share a table, but only one of them is in a shared "
                    "component.",
                    "Let both components have the same scope, or use a relation instead.",
                    None,
                    str(where.file),
                    where.line,
                )

    def _enums(
        self,
        attributes: tuple[Attribute, ...],
        types: Mapping[tuple[str, str], str],
        enums: set[str],
    ) -> Iterator[Misplaced]:
        for each in attributes:
            if each.inherited or self.of(each.home) == "tenant":
                continue
            for name in {types[each.table, column] for column in each.columns} & enums:
                yield _at(
                    each,
                    f"{each} is shared by all tenants, but each has an enum {name} of its own.",
                    "Declare the enum in a shared component.",
                )

    def _component(self, file: Path) -> str | None:
        component = component_of(file, self._folders)
        return component.name if component else None


def _at(attribute: Attribute, message: str, cure: str) -> Misplaced:
    where = place_of_attribute(getattr(db.entities[attribute.declared_by], attribute.name))
    return Misplaced(message, cure, None, str(where.file), where.line)
