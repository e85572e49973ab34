"""What authors wrote of tables, columns, relations and enums: names, texts and lines."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path

from berceau.components import Component, by_folder, component_of
from berceau.lint.comments import comments
from berceau.lint.file_facts import FileFacts
from berceau.lint.source import examine
from berceau.migration.origins import Place
from berceau.orm import db
from berceau.orm.attributes import Attribute
from berceau.orm.diagnosis import file_of
from berceau.orm.entities import EntityFacts, own_text, read_entities
from berceau.orm.enums import enum_members
from berceau.orm.mapping import enum_classes
from berceau.schema.meaning import is_made
from berceau.schema.model import Column, Table
from berceau.workflows.describe.description import (
    DescribedColumn,
    DescribedEntity,
    DescribedEnum,
    DescribedLabel,
    Relation,
    Source,
)

_HAS_TO_BE = ("Required", "PrimaryKey")


class Written:
    """The entities and enums of ``components``, with their ``attributes``.

    ``facts`` have the lines of the files in the project, whose folder is ``root``.
    """

    def __init__(
        self,
        root: Path,
        components: Sequence[Component],
        attributes: Sequence[Attribute],
        facts: Mapping[Path, FileFacts],
    ) -> None:
        self._root = root
        self._folders = by_folder(components)
        self._attributes = attributes
        self._facts = dict(facts)
        self._entities = {each.name: each for each in read_entities(db)}
        self._enums = enum_classes(db)
        self._sides = {f"{each.declared_by}.{each.name}": each for each in attributes}
        self._comments = cache(self._read_comments)
        # A page of the console asks for all, at each request, and mostly the same.
        self.entities_of = cache(self._entities_of)
        self.column = cache(self._column)

    def _entities_of(self, table: Table) -> tuple[DescribedEntity, ...]:
        """Return the entities that have ``table``, the root first."""
        return tuple(
            DescribedEntity(
                each.name,
                each.table,
                each.text,
                self._source(each.home, each.name),
                each.bases,
                each.kind,
                tuple(self._relations(each, table)),
            )
            for each in self._entities.values()
            if each.table == table.name
        )

    def links(self, table: str) -> tuple[str, ...]:
        """Return the relations whose pairs are in ``table``, as ``Post.tags``."""
        return tuple(
            f"{each.declared_by}.{each.name}"
            for each in self._attributes
            if each.link == table and not each.inherited and not is_made(each.name)
        )

    def _column(self, table: str, column: Column) -> DescribedColumn:
        """Return ``column`` with the attribute that declares it, if one does."""
        attribute = self._by_column.get((table, column.name))
        if attribute is None:
            return DescribedColumn(column)
        facts = self._entities[attribute.entity].attributes[attribute.name]
        return DescribedColumn(
            column,
            attribute=f"{attribute.declared_by}.{attribute.name}",
            python=facts.type,
            python_default=facts.default,
            text=self._comments(attribute.file).get(attribute.written, ""),
            source=self._source(attribute.file, attribute.written, attribute.declared_by),
        )

    def enum(self, name: str, labels: Sequence[str], origins: Mapping[Place, str]) -> DescribedEnum:
        """Return the enum type called ``name``, which has these ``labels``."""
        enum_class = self._enums.get(name)
        members = {}
        texts: Mapping[str, str] = {}
        if enum_class is not None:
            members = {k: v.name for k, v in enum_members(enum_class).items()}
            texts = self._comments(file_of(enum_class))
        python = enum_class.__name__ if enum_class else None
        return DescribedEnum(
            name,
            component=None,
            labels=tuple(
                DescribedLabel(
                    each,
                    members.get(each),
                    texts.get(f"{python}.{members.get(each)}", ""),
                    origins.get((name, each)),
                )
                for each in labels
            ),
            used_by=(),
            python=python,
            text=own_text(enum_class) if enum_class else "",
            source=self._source(file_of(enum_class), str(python)) if enum_class else None,
        )

    @cached_property
    def _by_column(self) -> Mapping[tuple[str, str], Attribute]:
        return {
            (each.table, column): each
            for each in reversed(self._attributes)
            for column in each.columns
        }

    def _relations(self, entity: EntityFacts, table: Table) -> Iterator[Relation]:
        actions = {key.columns: key.on_delete for key in table.foreign_keys}
        for each in self._attributes:
            if each.entity != entity.name or each.inherited or each.target is None:
                continue
            reverse = self._sides.get(str(each.reverse))
            yield Relation(
                entity=entity.name,
                name=None if is_made(each.name) else each.name,
                target=each.target,
                target_table=self._entities[each.target].table,
                reverse=None if is_made(str(each.reverse)) else each.reverse,
                many=each.many,
                reverse_many=bool(reverse and reverse.many),
                required=entity.attributes[each.name].kind in _HAS_TO_BE,
                columns=each.columns,
                link=each.link,
                on_delete=actions.get(each.columns),
                text="" if each.made else self._comments(each.file).get(each.written, ""),
                source=self._source(each.file, each.written, each.declared_by),
            )

    def _source(self, file: Path, *names: str) -> Source:
        """Return the line that declares the first of ``names`` that ``file`` has, or line 1."""
        if file not in self._facts:  # of an installed component
            self._facts[file] = examine(file.read_bytes()) if file.is_file() else FileFacts()
        declared = self._facts[file].declared
        line = next((declared[name][0] for name in names if name in declared), 1)
        return Source(self._shown(file), line)

    def _shown(self, file: Path) -> str:
        """Return ``file`` from the project's folder, or from the component's that is installed."""
        if file.is_relative_to(self._root):
            return file.relative_to(self._root).as_posix()
        component = component_of(file, self._folders)
        if component is None:
            return file.name
        return (
            f"{component.package.replace('.', '/')}/{file.relative_to(component.path).as_posix()}"
        )

    def _read_comments(self, file: Path) -> Mapping[str, str]:
        return comments(file.read_bytes()) if file.is_file() else {}
