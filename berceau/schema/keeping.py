"""What a change leaves for the release that still runs, so that it can read and write meanwhile."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property, partial

from berceau.errors import MigrationError
from berceau.schema.casts import is_free
from berceau.schema.changes import AddColumn, AlterColumn, Change
from berceau.schema.choices import Choices, Place
from berceau.schema.kept import Kept, Kind
from berceau.schema.kept_parts import as_kept
from berceau.schema.lowering import is_constant, lacks_values
from berceau.schema.model import Column, Schema
from berceau.schema.names import quote_name
from berceau.schema.old_names import as_called
from berceau.schema.renaming import RenameTable
from berceau.schema.sync import AlterSyncTrigger

_GOING = (Kind.TABLE, Kind.COLUMN, Kind.LABEL)


@dataclass(frozen=True)
class Keeping:
    """Whether a release runs meanwhile: it is ``active`` then.

    ``find`` returns what it declares, and ``None`` where that isn't known: then what goes isn't
    kept, if that is ``expendable``.
    """

    active: bool = False
    find: Callable[[], Schema | None] = lambda: None
    expendable: bool = False

    @cached_property
    def release(self) -> Schema | None:
        """What the release declares, if that is known."""
        return self.find()

    def over(self, schema: Schema) -> "Keeping":
        """Return it with the release as ``schema`` calls what that release uses."""
        if self.release is None:
            return self
        return replace(self, find=partial(as_called, self.release, schema))

    def knows(self, table: str) -> bool:
        """Return whether the release may write to ``table``."""
        return self.release is None or any(each.name == table for each in self.release.tables)

    def require_same_types(self, changes: Iterable[Change], returned: Set[Place]) -> None:
        """Refuse to give a column another type, in which the release has its values.

        ``returned`` are columns that were kept, and are declared again. Raises ``MigrationError``.
        """
        for change in changes:
            if (
                self.active
                and isinstance(change, AlterColumn)
                and (change.table, change.after.name) in returned
                and not is_free(change.before.type, change.after.type)
            ):
                name = f"{change.table}.{change.after.name}"
                raise MigrationError(
                    f"The column {name} is kept for the running release as {change.before.type}, "
                    f"and another attribute has it as {change.after.type} now.",
                    cure="Nothing was written. Give the attribute a column of its own: "
                    f'column="{change.after.name}_new". Or leave it out until '
                    "`invoke migrate --contract` has ended what is kept.",
                )

    def require_defaults(self, changes: Iterable[Change], kept: Collection[Kept]) -> None:
        """Refuse a type to which the ``kept`` default of a column, in its old type, doesn't lead.

        The running release gives the column no value. Raises ``MigrationError``.
        """
        for change in changes if self.active else ():
            if not isinstance(change, AlterColumn) or change.after.default is not None:
                continue
            before, after = change.before, change.after
            if before.default and Kept(Kind.DEFAULT, (change.table, after.name)) in kept:
                name = f"{change.table}.{after.name}"
                raise MigrationError(
                    f"The running release gives {name} no value, so that it gets the default "
                    f"{before.default}, which is kept for that. As {after.type} it isn't known.",
                    cure=f"Nothing was written. Give the attribute of {name} an sql_default. Or "
                    "leave its type until `invoke migrate --contract` has ended what is kept.",
                )

    def uses(self, place: Sequence[str], kind: Kind = Kind.COLUMN) -> bool:
        """Return whether the release is known to use a column, given with its table, or a label."""
        if not self.active or self.release is None:
            return False
        return Kept(kind, tuple(place)) in as_kept(self.release)

    def stays(self, column: Place) -> bool:
        """Return whether a ``column`` that goes stays for the release."""
        if not self.active:
            return False
        return self.uses(column) if self.release is not None else not self.expendable

    def leaves_empty(self, column: Sequence[str]) -> bool:
        """Return whether the release is known to give a ``column`` no value at times."""
        if not self.active or self.release is None:
            return False
        return Kept(Kind.NULL, tuple(column)) in as_kept(self.release)

    def require_tables(self, changes: Iterable[Change], desired: Schema) -> None:
        """Refuse to take the name of a table that the release is known to use for another one.

        Both names lead to it meanwhile, so the old one has to be free.
        """
        taken = {each.name for each in desired.tables} | {each.name for each in desired.enums}
        for change in changes:
            if not isinstance(change, RenameTable) or not self.uses_table(change.before):
                continue
            if change.before in taken or not change.both:
                raise MigrationError(
                    f"The running release uses the table {change.before}, which would be called "
                    f"{change.after}, while something else gets its name.",
                    cure="Nothing was written. Keep the table's name: "
                    f"_table_ = {change.before!r} in the entity, or table={change.before!r} in the "
                    "Set of a relation. Or stop all processes for this migration, and add "
                    "--allow-downtime.",
                )

    def require_known_labels(self, dropped: Collection[Kept], labels: Mapping[Place, str]) -> None:
        """Refuse to give rows a label that the release doesn't know, for one that it writes.

        ``labels`` take the place of those that are ``dropped``, at once.
        """
        for (enum, old), new in labels.items():
            kept = Kept(Kind.LABEL, (enum, old)) in dropped
            if kept and self.release is not None and not self.uses((enum, new), Kind.LABEL):
                raise MigrationError(
                    f"The running release writes {old}, and doesn't know {new}, which rows would "
                    f"hold instead (--map-value {enum}.{old}={new}).",
                    cure="Nothing was written. Map it to a value that both releases know. To give "
                    f"it another name, give its attribute a column of its own, and add --rename "
                    f"{enum}.{old}={new}. Or stop all processes for this migration, and add "
                    "--allow-downtime.",
                )

    def uses_table(self, table: str) -> bool:
        """Return whether the release is known to use ``table``."""
        return self.active and self.release is not None and self.knows(table)

    def dropped(self, current: Schema, desired: Schema) -> frozenset[Kept]:
        """Return the tables, columns and labels of ``current`` that stay and aren't ``desired``.

        The running release reads and writes them.
        """
        if not self.active:
            return frozenset()
        gone = {each for each in as_kept(current) - as_kept(desired) if each.kind in _GOING}
        left = {(each.name,) for each in desired.tables} | {(each.name,) for each in desired.enums}
        whole = {each for each in gone if each.kind is Kind.TABLE or each.place[:1] in left}
        if self.release is None:
            return frozenset() if self.expendable else frozenset(whole)
        return frozenset(whole) & as_kept(self.release)

    def defaults(
        self, changes: Iterable[Change], choices: Choices, returned: Collection[Place]
    ) -> dict[Kept, str]:
        """Return the values, as SQL, that columns go on to give to rows without one.

        The running release gives none to new columns, and to those that ``returned`` after another
        release did without them.
        """
        return dict(self._defaults(changes, choices, returned)) if self.active else {}

    def _defaults(
        self, changes: Iterable[Change], choices: Choices, returned: Collection[Place]
    ) -> Iterator[tuple[Kept, str]]:
        changes = tuple(changes)
        synced = synced_by(changes)
        for change in changes:
            match change:
                case AddColumn(table, column) if (table, column.name) in synced:
                    continue  # no default may be in the way of what a trigger computes
                case AddColumn(table, column):
                    value = choices.value(table, column.name) if lacks_values(change) else None
                case AlterColumn(table, before, column) if (table, column.name) in returned:
                    lacks = lacks_values(change)
                    value = choices.value(table, column.name) if lacks else before.default
                case _:
                    continue
            needs = column.not_null and column.default is None and not column.identity
            if needs and self.knows(table) and value is not None and is_constant(value):
                yield Kept(Kind.DEFAULT, (table, column.name)), value

    def nulls(
        self, changes: Iterable[Change], choices: Choices, returned: Collection[Place]
    ) -> frozenset[Kept]:
        """Return the columns that become required, where the running release may give no value.

        That is where no value was chosen either: all rows have one by now.
        """
        if not self.active:
            return frozenset()
        known = as_kept(self.release) if self.release else frozenset()
        found = (
            Kept(Kind.NULL, (change.table, change.after.name))
            for change in changes
            if isinstance(change, AlterColumn)
            and lacks_values(change)
            and change.after.default is None
            and choices.value(change.table, change.after.name) is None
        )
        return frozenset(each for each in found if each in known or each.place in returned)


NOTHING_KEPT = Keeping()


def synced_by(changes: Iterable[Change]) -> Set[Place]:
    """Return the columns that triggers compute from others after ``changes``."""
    return {
        (change.table, name)
        for change in changes
        if isinstance(change, AlterSyncTrigger) and change.after is not None
        for name in change.after.synced
    }


def recoding(schema: Schema, kept: Collection[Kept], choices: Choices) -> Choices:
    """Return ``choices`` so that rows get the new values of labels that are ``kept`` at once.

    Such labels stay in their types, so that the columns of ``schema`` aren't rebuilt.
    """
    values = mapped(schema, kept, choices)
    merged = [(*place, old) for place, pairs in values.items() for old in pairs]
    return replace(
        choices,
        labels={
            place: new
            for place, new in choices.labels.items()
            if Kept(Kind.LABEL, place) not in kept
        },
        values={**choices.values, **values},
        merged=(*choices.merged, *merged),
    )


def mapped(schema: Schema, kept: Collection[Kept], choices: Choices) -> dict[Place, dict[str, str]]:
    """Return the labels that rows get in the place of ``kept`` ones, by column and old label."""
    labels = {
        place: new for place, new in choices.labels.items() if Kept(Kind.LABEL, place) in kept
    }
    values: dict[Place, dict[str, str]] = {}
    for table in schema.tables:
        for column in table.columns:
            for (enum, old), new in labels.items():
                if column.type.removesuffix("[]") == quote_name(enum):
                    values.setdefault((table.name, column.name), {})[old] = new
    return values


def with_defaults(schema: Schema, values: Mapping[Kept, str]) -> Schema:
    """Return ``schema`` with ``values`` as the defaults of columns."""
    given = {each.place: sql for each, sql in values.items()}
    return _with_columns(
        schema,
        lambda table, each: replace(each, default=given.get((table, each.name), each.default)),
    )


def with_nulls(schema: Schema, nulls: Collection[Kept]) -> Schema:
    """Return ``schema``, in which the columns ``nulls`` may have no value."""
    free = {each.place for each in nulls}
    return _with_columns(
        schema,
        lambda table, each: replace(
            each, not_null=each.not_null and (table, each.name) not in free
        ),
    )


def _with_columns(schema: Schema, change: Callable[[str, Column], Column]) -> Schema:
    return replace(
        schema,
        tables=tuple(
            replace(table, columns=tuple(change(table.name, each) for each in table.columns))
            for table in schema.tables
        ),
    )
