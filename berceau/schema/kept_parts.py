"""What a schema keeps for the release that still runs, put aside, given back and looked for."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from berceau.schema.default_types import default_as
from berceau.schema.kept import Kept, Kind
from berceau.schema.meaning import Place, subclasses
from berceau.schema.model import Column, Enum, Schema, Table
from berceau.schema.names import quote_name, words
from berceau.schema.rename_changes import columns_after
from berceau.schema.renaming import RenameEnum, RenameLabel, RenameTable, Renaming
from berceau.schema.staying import Staying, with_staying
from berceau.schema.sync import AlterSyncTrigger, SyncTrigger, united


def with_kept(current: Schema, desired: Schema, kept: Collection[Kept]) -> Schema:
    """Return ``desired`` with what is ``kept`` of ``current``, as it is there."""
    if not kept:
        return desired
    tables = {each.place[0] for each in kept if each.kind is Kind.TABLE}
    columns = {each.place for each in kept if each.kind is Kind.COLUMN}
    names = {table.name for table in current.tables} | {enum.name for enum in current.enums}
    staying = Staying(names - tables, columns=columns)
    return _with_details(current, with_staying(current, desired, staying), kept)


def without_details(schema: Schema, kept: Collection[Kept]) -> Schema:
    """Return ``schema`` without what is ``kept`` in its tables and enums.

    That is rules, names, transfers and labels.

    ``with_kept`` gives that back, by the names that things have by then.
    """
    labels = {each.place for each in kept if each.kind is Kind.LABEL}
    moving = {each.place for each in kept if each.kind is Kind.TRANSFER}
    return replace(
        schema,
        tables=tuple(
            replace(
                table,
                sync_trigger=None,
                old_names=(),
                transfers=tuple(
                    each for each in table.transfers if (table.name, each.target) not in moving
                ),
            )
            for table in schema.tables
        ),
        enums=tuple(
            replace(
                enum,
                labels=tuple(each for each in enum.labels if (enum.name, each) not in labels),
            )
            for enum in schema.enums
        ),
    )


def without_meanings(current: Schema, kept: Collection[Kept]) -> Schema:
    """Return ``current``; names of tables and columns that are ``kept`` stand for nothing."""
    gone = {each.place for each in kept if each.is_whole}
    left = (each for each in current.meanings if gone.isdisjoint((each.place, each.place[:1])))
    return replace(current, meanings=tuple(left))


def _with_details(current: Schema, desired: Schema, kept: Collection[Kept]) -> Schema:
    """Return ``desired`` with what is kept of the columns and enums that it has."""
    places = {kind: {each.place for each in kept if each.kind is kind} for kind in Kind}
    before = {(t.name, column.name): column for t in current.tables for column in t.columns}
    labels = {enum.name: enum for enum in current.enums}
    enums = (*current.enums, *desired.enums)
    known = {quote_name(enum.name): enum.labels for enum in enums}
    triggers = {table.name: table.sync_trigger for table in current.tables}
    names = {table.name: table.old_names for table in current.tables}
    transfers = {table.name: table.transfers for table in current.tables}

    def column(table: str, after: Column) -> Column:
        place = (table, after.name)
        was = before.get(place)
        if was is None:
            return after
        if place in places[Kind.DEFAULT] and after.default is None:
            default = was.default and default_as(was.default, was.type, after.type, known)
            after = replace(after, default=default)
        if place in places[Kind.NULL] and not was.not_null:
            after = replace(after, not_null=False)
        return after

    return replace(
        desired,
        tables=tuple(
            replace(
                table,
                columns=tuple(column(table.name, each) for each in table.columns),
                sync_trigger=united(
                    table.sync_trigger, _standing(triggers.get(table.name), places, table)
                ),
                transfers=(
                    *table.transfers,
                    *(
                        each
                        for each in transfers.get(table.name, ())
                        if (table.name, each.target) in places[Kind.TRANSFER]
                        and each not in table.transfers
                    ),
                ),
                old_names=(
                    *table.old_names,
                    *(
                        each
                        for each in names.get(table.name, ())
                        if (each.name,) in places[Kind.NAME] and each not in table.old_names
                    ),
                ),
            )
            for table in desired.tables
        ),
        enums=tuple(
            with_labels(labels.get(each.name), each, places[Kind.LABEL]) for each in desired.enums
        ),
    )


def _standing(
    before: SyncTrigger | None, places: Mapping[Kind, Collection[Place]], table: Table
) -> SyncTrigger | None:
    """Return the trigger ``before`` with those rules only that what is kept in ``places`` needs."""
    if before is None or before.unknown:
        return before
    types = {each.name: each.type for each in table.columns}
    labels = {(quote_name(enum), label) for enum, label in places[Kind.LABEL]}
    fills = (each for each in before.fills if (table.name, each.column) in places[Kind.FILL])
    maps = (
        each
        for each in before.maps
        if (types.get(each.column, "").removesuffix("[]"), each.before) in labels
        or (table.name, each.column, each.before) in places[Kind.MAPPING]
    )
    kept = replace(before, syncs=(), fills=tuple(fills), maps=tuple(maps))
    return kept if kept.acts else None


def with_labels(before: Enum | None, after: Enum, places: Collection[Place]) -> Enum:
    """Return ``after`` with those labels of ``before`` that are kept, each where it was."""
    labels = list(after.labels)
    for number, label in enumerate(before.labels if before else ()):
        if before is not None and label not in labels and (after.name, label) in places:
            above = [each for each in before.labels[:number] if each in labels]
            labels.insert(labels.index(above[-1]) + 1 if above else 0, label)
    return replace(after, labels=tuple(labels))


def present(kept: Iterable[Kept], current: Schema, declared: Schema) -> Iterator[Kept]:
    """Yield those of ``kept`` that ``current`` has, and that aren't ``declared``."""
    there = as_kept(current)
    wanted = as_kept(declared) | {
        Kept(Kind.MAPPING, place) for place in subclasses(declared.meanings)
    }
    yield from (each for each in kept if each in there and each not in wanted)


def returned(
    kept: Collection[Kept], current: Schema, declared: Schema
) -> frozenset[tuple[str, str]]:
    """Return the columns that were ``kept``, are there, and are ``declared`` again."""
    tables = {each.place for each in kept if each.kind is Kind.TABLE}
    columns = {each.place for each in kept if each.kind is Kind.COLUMN}
    both = as_kept(current) & as_kept(declared)
    return frozenset(
        (each.place[0], each.place[1])
        for each in both
        if each.kind is Kind.COLUMN and (each.place in columns or each.place[:1] in tables)
    )


def as_kept(schema: Schema) -> set[Kept]:
    """Return all that ``schema`` has, as if it was kept."""
    found = {Kept(Kind.LABEL, (enum.name, label)) for enum in schema.enums for label in enum.labels}
    for table in schema.tables:
        found.add(Kept(Kind.TABLE, (table.name,)))
        found |= {Kept(Kind.NAME, (old.name,)) for old in table.old_names}
        for each in table.transfers:
            # Whatever an unknown one names may be its target.
            targets = words(each.unknown) if each.unknown else (each.target,)
            found |= {Kept(Kind.TRANSFER, (table.name, target)) for target in targets}
        if table.sync_trigger is not None:
            fills = table.sync_trigger.fills
            found |= {Kept(Kind.FILL, (table.name, each.column)) for each in fills}
            maps = table.sync_trigger.maps
            found |= {Kept(Kind.MAPPING, (table.name, each.column, each.before)) for each in maps}
        for column in table.columns:
            place = (table.name, column.name)
            found.add(Kept(Kind.COLUMN, place))
            if column.default is not None:
                found.add(Kept(Kind.DEFAULT, place))
            if not column.not_null:
                found.add(Kept(Kind.NULL, place))
    return found


def called(kept: Iterable[Kept], changes: Sequence[Renaming]) -> dict[Kept, Kept]:
    """Return how what is ``kept`` is called after ``changes``, by how it was called before."""
    return {each: replace(each, place=_after(each, changes)) for each in kept}


def _after(kept: Kept, changes: Sequence[Renaming]) -> Place:
    place = kept.place
    if kept.kind in (Kind.NAME, Kind.TRANSFER):
        return place
    if kept.kind not in (Kind.TABLE, Kind.LABEL):
        (column,) = columns_after(changes, [(place[0], place[1])])
        return (*column, *_value_after(place, column[0], changes))
    for change in changes:
        match change:
            case RenameTable() | RenameEnum() if place[0] == change.before:
                place = (change.after, *place[1:])
            case RenameLabel() if place == (change.enum, change.before):
                place = (change.enum, change.after)
    return place


def _value_after(place: Place, table: str, changes: Iterable[Renaming]) -> Place:
    """Return the value in ``place``, if it has one, as the rules of the ``table`` call it then."""
    for change in changes:
        if isinstance(change, AlterSyncTrigger) and change.table == table:
            before, after = change.before or SyncTrigger(), change.after or SyncTrigger()
            for old, new in zip(before.maps, after.maps, strict=False):
                if (old.column, old.before) == place[1:]:
                    return (new.before,)
    return place[2:]
