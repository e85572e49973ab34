"""Columns for the same facts while two releases write: old ones, new ones, and what links them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from berceau.errors import MigrationError, RenameError
from berceau.schema.casts import cast
from berceau.schema.choices import Choices, Place
from berceau.schema.model import Column, Schema, Table
from berceau.schema.names import object_name, quote_name, words
from berceau.schema.renames import Kind, Rename, path_of
from berceau.schema.renaming import RenameConstraint, RenameIndex, Renaming
from berceau.schema.sync import Computed, Sync, SyncTrigger, united


@dataclass(frozen=True)
class Doubled:
    """Facts that are in ``old`` columns of a table for one release, and in ``new`` for the next.

    ``why`` is the option that says so.
    """

    table: str
    old: tuple[str, ...]
    new: tuple[str, ...]
    why: str

    @property
    def places(self) -> frozenset[Place]:
        """The columns of both sides, each with its table."""
        return frozenset((self.table, name) for name in (*self.old, *self.new))


def doubled(renames: Iterable[Rename]) -> Iterator[Doubled]:
    """Yield what ``renames`` of columns are, where no column loses its name."""
    for each in renames:
        if each.kind is Kind.COLUMN:
            yield Doubled(str(each.parent), (each.before,), (each.after,), f"--rename {each}")


def require_gone(desired: Schema, renames: Iterable[Rename], wholes: Mapping[str, str]) -> None:
    """Raise ``RenameError`` where something else takes a name that the running release has, too.

    A trigger would keep two attributes in step that have nothing in common, or give two labels the
    same name. ``wholes`` are the new names of some tables and enums, by the old ones.
    """
    declared = {(table.name, column.name) for table in desired.tables for column in table.columns}
    labels = {(enum.name, label) for enum in desired.enums for label in enum.labels}
    for each in renames:
        place = wholes.get(str(each.parent), str(each.parent)), each.before
        if each.kind is Kind.COLUMN and place in declared:
            other = "attribute"
            cure = f"Give that attribute a column of its own, column={each.before + '_new'!r}."
        elif each.kind is Kind.LABEL and place in labels:
            other, cure = "member", "Give that member another value."
        else:
            continue
        raise RenameError(
            f"The running release reads and writes {each.path}, which would be called "
            f"{each.after}, while another {other} gets its name (--rename {each}).",
            cure=f"Nothing was written. {cure} Or add it in the next release, once `invoke migrate "
            "--contract` has ended what is kept. Or stop all processes for this migration, and add "
            "--allow-downtime.",
        )


def require_one_side(current: Schema, declared: Schema) -> None:
    """Raise ``MigrationError`` where both columns are ``declared`` that triggers keep in step.

    Each is an attribute of its own then, and would get the values of the other.
    """
    columns = {(table.name, column.name) for table in declared.tables for column in table.columns}
    for table in current.tables:
        for sides in (*_synced(table), *_moved(table)):
            old, new = ([path_of(place) for place in side if place in columns] for side in sides)
            if old and new:
                raise MigrationError(
                    f"{old[0]} and {new[0]} are kept in step for an earlier release, as the same "
                    "attribute, and the entities declare both.",
                    cure="Nothing was written. Give the new attribute a column of its own, such as "
                    f"column={sides[0][0][1] + '_new'!r}. Or leave it out until `invoke migrate "
                    "--contract` has ended what is kept.",
                )


def _synced(table: Table) -> Iterator[tuple[Sequence[Place], Sequence[Place]]]:
    """Yield the columns of two releases that the trigger of ``table`` keeps in step."""
    for sync in table.sync_trigger.syncs if table.sync_trigger else ():
        yield (
            [(table.name, each.column) for each in sync.old],
            [(table.name, each.column) for each in sync.new],
        )


def _moved(table: Table) -> Iterator[tuple[Sequence[Place], Sequence[Place]]]:
    """Yield the columns of ``table`` that are kept in step with one of another table."""
    for transfer in table.transfers:
        for old, new in transfer.columns:
            yield [(table.name, old)], [(transfer.target, new)]


def split(
    current: Schema, wanted: Schema, uses: Callable[[Place], bool], choices: Choices
) -> Iterator[Doubled]:
    """Yield columns that go and are ``used``, and those in their place: each has SQL for the other.

    So a name is split into two, or several are joined to one.
    """
    after = {table.name: table for table in wanted.tables}
    for table in current.tables:
        if table.name in after:
            names = {each.name for each in table.columns}
            there = {each.name for each in after[table.name].columns}
            values = {
                column: sql
                for (owner, column), sql in choices.backfills.items()
                if owner == table.name and column in names ^ there
            }
            gone = [each for each in names - there if uses((table.name, each))]
            yield from _linked(table.name, gone, there - names, values)


def _linked(
    table: str, gone: Iterable[str], added: Set[str], values: Mapping[str, str]
) -> Iterator[Doubled]:
    """Yield the groups of columns that compute each other by ``values``."""
    left = {name for name in gone if name in values}
    while left:
        old, new = {min(left)}, set[str]()
        while True:
            more = {name for name in added & values.keys() if words(values[name]) & old}
            back = {name for name in left if words(values[name]) & more or name in old}
            if (more, back) == (new, old):
                break
            new, old = more, back
        left -= old
        if new:
            yield Doubled(table, tuple(sorted(old)), tuple(sorted(new)), "--backfill")


def set_aside(current: Schema, wanted: Schema, groups: Iterable[Doubled]) -> Iterator[Renaming]:
    """Yield what frees the names that entities give to indexes and keys, and old columns still use.

    ``current`` has the parts of old columns, and ``wanted`` those of the new ones.
    """
    groups = tuple(groups)
    tables = {each.table for each in groups}
    named = set[str]()
    for table in wanted.tables:
        if table.name in tables:
            named |= {each.name for each in table.indexes if each.named}
            named |= {each.name for each in table.uniques if each.named}
            named |= {each.name for each in table.foreign_keys if each.named}
    old = {(each.table, name) for each in groups for name in each.old}
    for table in current.tables:
        gone = {quote_name(name) for owner, name in old if owner == table.name}
        for index in table.indexes:
            if index.name in named and gone & {*index.keys}:
                yield RenameIndex(index.name, object_name(index.name, (), "old"))
        for unique in table.uniques:
            if unique.name in named and gone & {*map(quote_name, unique.columns)}:
                yield RenameIndex(unique.name, object_name(unique.name, (), "old"))
        for key in table.foreign_keys:
            if key.name in named and gone & {*map(quote_name, key.columns)}:
                yield RenameConstraint(table.name, key.name, object_name(key.name, (), "old"))


def expand(
    current: Schema, wanted: Schema, groups: Iterable[Doubled], choices: Choices
) -> tuple[Schema, Choices]:
    """Return ``wanted`` with triggers for the columns of ``groups``, and what fills the new ones.

    ``current`` has the old ones, and ``wanted`` too, because they are kept. Values of another type
    are cast, or computed by what ``choices`` have for either column. Raises ``MigrationError``.
    """
    groups = tuple(groups)
    places = frozenset[Place]().union(*(each.places for each in groups))
    before = {table.name: table for table in current.tables}
    values: dict[Place, str] = {}
    tables = []
    for table in wanted.tables:
        own = [each for each in groups if each.table == table.name]
        if own:
            syncs = tuple(_sync(before[table.name], table, each, choices) for each in own)
            trigger = united(table.sync_trigger, SyncTrigger(syncs))
            columns = tuple(_unhindered(each, trigger) for each in table.columns)
            table = replace(table, columns=columns, sync_trigger=trigger)
            new = (each for sync in syncs for each in sync.new)
            values |= {(table.name, each.column): each.expression for each in new}
        tables.append(table)

    def others(chosen: Mapping[Place, str]) -> dict[Place, str]:
        return {place: sql for place, sql in chosen.items() if place not in places}

    filling = {**others(choices.backfills), **values}
    choices = replace(choices, backfills=filling, usings=others(choices.usings))
    return replace(wanted, tables=tuple(tables)), choices


def _unhindered(column: Column, trigger: SyncTrigger | None) -> Column:
    """Return ``column`` as the release needs it that doesn't write it."""
    for sync in trigger.syncs if trigger else ():
        if column.name in sync.columns:
            column = replace(column, default=None)
        if column.name in (each.column for each in sync.old) and not sync.is_same:
            column = replace(column, not_null=False)
    return column


def _sync(before: Table, after: Table, group: Doubled, choices: Choices) -> Sync:
    old = [_column(before, name) for name in group.old]
    new = [_column(after, name) for name in group.new]
    for each in old:
        _require_expandable(before, each, group)
    return Sync(
        tuple(Computed(each.name, _value(new, each, group, choices)) for each in old),
        tuple(Computed(each.name, _value(old, each, group, choices)) for each in new),
        tuple(_defaults(old, new)),
    )


def _defaults(old: Iterable[Column], new: Iterable[Column]) -> Iterator[Computed]:
    """Yield what a new row gets where neither release gives a value."""
    for side in (new, old):
        found = [Computed(each.name, each.default) for each in side if each.default is not None]
        yield from found
        if found:
            return


def _value(sources: Sequence[Column], target: Column, group: Doubled, choices: Choices) -> str:
    """Return SQL for the value of ``target``, from those of ``sources``."""
    table = group.table
    place = (table, target.name)
    chosen = choices.backfills.get(place, choices.usings.get(place))
    if chosen is not None:
        return chosen
    source = sources[0]
    name = quote_name(source.name)
    plain = cast(name, source.type, target.type) if len(sources) == 1 else None
    if source.type == target.type:
        return name
    if plain is None:
        raise MigrationError(
            f"No value of {table}.{source.name} ({source.type}) is one of {table}.{target.name} "
            f"({target.type}), which is the same column for another release ({group.why}).",
            cure=f"Nothing was written. Give it as SQL: --backfill {table}.{target.name}=SQL",
        )
    return plain.using


def _column(table: Table, name: str) -> Column:
    return next(each for each in table.columns if each.name == name)


def _require_expandable(table: Table, old: Column, group: Doubled) -> None:
    """Raise ``MigrationError`` where two columns can't stand for one."""
    computed = table.sync_trigger.computed if table.sync_trigger is not None else ()
    if old.name in {each.column for each in computed}:
        raise MigrationError(
            f"{table.name}.{old.name} is still kept in step for an earlier release ({group.why}).",
            cure=f"Nothing was written. Leave {table.name}.{old.name} as it is for now, and end "
            "that first: invoke migrate --contract",
        )
    key = table.primary_key.columns if table.primary_key is not None else ()
    if old.name in key:
        reason = "it is a part of the primary key"
    elif old.identity or old.sequence is not None:
        reason = "the server numbers it"
    elif old.generated is not None:
        reason = "the server computes it"
    elif old.default is not None and not old.not_null:
        reason = "it has a default and may be NULL, and a trigger can't tell which one was meant"
    elif any(each.startswith("child ") for each in table.others):
        reason = "other tables inherit from its table"
    else:
        return
    raise MigrationError(
        f"{table.name}.{old.name} can't be there twice, for the running release and for this one: "
        f"{reason} ({group.why}).",
        cure=f"Nothing was written. Keep its name in the database: column={old.name!r} in the "
        "attribute. Or stop all processes for this migration, and add --allow-downtime.",
    )
