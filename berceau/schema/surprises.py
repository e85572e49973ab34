"""What a release may find on a schema that its entities don't provide for; its statements work."""

from collections.abc import Iterator

from berceau.schema.model import Schema, Table
from berceau.schema.old_names import as_called
from berceau.schema.release import READS, WRITES, Comparison, Misfit, unique_sets
from berceau.schema.subclasses import strangers


def surprises(release: Schema, database: Schema) -> tuple[Misfit, ...]:
    """Return what a ``release`` may find in a ``database`` that its entities don't provide for.

    All its statements work, but rows of another release may have no value in a required attribute,
    have a label that an enum lacks, have a value that may be there only once, or refer to a row so
    that it can't be deleted.
    """
    return tuple(_Surprises(as_called(release, database), database).surprises())


def unknown_kinds(release: Schema, database: Schema) -> tuple[Misfit, ...]:
    """Return what a ``release`` and the other one don't know of each other's subclasses.

    Either reads such rows as those of the root.
    """
    return tuple(_Surprises(as_called(release, database), database).unknown_kinds())


class _Surprises(Comparison):
    def surprises(self) -> Iterator[Misfit]:
        for table in self.release.tables:
            there = self.tables.get(table.name)
            columns = {column.name: column for column in there.columns} if there else {}
            for column in table.columns:
                found = columns.get(column.name)
                if found is None:
                    continue
                if column.not_null and not found.not_null:
                    yield self.misfit(table, column, READS, "rows may have no value there")
                labels, labels_there = self.known_labels(column, found)
                new = [each for each in labels_there or () if labels and each not in labels]
                if new:
                    text = f"rows may hold {', '.join(map(repr, new))}"
                    yield self.misfit(table, column, READS, text)
            if there is not None:
                yield from self._alike(table, there)
        yield from self._referred()

    def _alike(self, table: Table, there: Table) -> Iterator[Misfit]:
        """Yield what has to be unique, of which the release doesn't know that."""
        columns = {column.name: column for column in table.columns}
        for names in sorted(unique_sets(there) - unique_sets(table), key=sorted):
            if names <= columns.keys() and not any(each <= names for each in unique_sets(table)):
                first, *_ = (column for name, column in columns.items() if name in names)
                text = f"no two rows may have the same {', '.join(sorted(names))}"
                yield self.misfit(table, first, WRITES, text)

    def unknown_kinds(self) -> Iterator[Misfit]:
        found = strangers(self.release, self.database)
        for table in self.release.tables:
            for column in table.columns:
                unknown, gone = found.get((table.name, column.name), ({}, {}))
                if unknown:
                    text = f"rows may be of {', '.join(unknown.values())}, which it doesn't know"
                    yield self.misfit(table, column, READS, text)
                if gone:
                    text = f"the other release has no {' and no '.join(gone.values())}"
                    yield self.misfit(table, column, (*READS, "INSERT"), text)

    def _referred(self) -> Iterator[Misfit]:
        """Yield references that the release doesn't know, and that keep rows from being deleted."""
        known = {
            (table.name, key.target, key.columns)
            for table in self.release.tables
            for key in table.foreign_keys
        }
        mine = {table.name for table in self.release.tables}
        known |= set(_going_along(self.database))
        for table in self.database.tables:
            for key in table.foreign_keys:
                new = (table.name, key.target, key.columns) not in known
                if new and key.target in mine and key.on_delete in ("NO ACTION", "RESTRICT"):
                    entity, attribute = self.new_names.attribute(table.name, key.columns[0])
                    text = f"rows may refer to it by {entity}.{attribute}"
                    target = self.names.entity(key.target)
                    yield Misfit(target, "", (key.target,), ("DELETE",), text)


def _going_along(schema: Schema) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield the references whose rows a trigger deletes before those that they lead to."""
    for table in schema.tables:
        yield from ((each.target, table.name, (each.key,)) for each in table.transfers)
