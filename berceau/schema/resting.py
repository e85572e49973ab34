"""What rests on what is kept: a release, rules of triggers, columns that refer to others."""

from collections.abc import Collection, Iterator
from dataclasses import replace

from berceau.schema.kept import Kept, Kind
from berceau.schema.kept_parts import as_kept
from berceau.schema.meaning import Place, subclasses
from berceau.schema.model import Schema, Table
from berceau.schema.names import quote_name, words
from berceau.schema.old_names import as_called
from berceau.schema.recorded import places
from berceau.schema.sync import Computed, Sync, SyncTrigger
from berceau.schema.transfers import resting_on


def needed(kept: Collection[Kept], release: Schema | None, built: Schema) -> frozenset[Kept]:
    """Return those of ``kept`` without which a ``release`` can't work; none where it is unknown.

    ``built`` is what has them.
    """
    if release is None:
        return frozenset()
    there = as_kept(as_called(release, built))
    tables = {(table.name,) for table in release.tables}
    unused = {each.place for each in kept if each.is_whole and each not in there}
    moving = {
        (table.name, transfer.target)
        for table in built.tables
        for transfer in table.transfers
        for name, new in transfer.columns
        if Kept(Kind.COLUMN, (table.name, name)) in there
        and unused.isdisjoint(((transfer.target,), (transfer.target, new)))
    }
    values = subclasses(as_called(release, built).meanings)

    def needs(each: Kept) -> bool:
        # It gives a column no value that it doesn't declare.
        unknown = Kept(Kind.COLUMN, each.place) not in there
        gives_none = unknown and Kept(Kind.TABLE, each.place[:1]) in there
        match each.kind:
            case Kind.NAME:
                return each.place in tables
            case Kind.TRANSFER:
                return each.place in moving
            case Kind.MAPPING:
                return each.place in values
            case Kind.DEFAULT:
                return gives_none
            case Kind.NULL | Kind.FILL:
                return gives_none or Kept(Kind.NULL, each.place) in there
        return each in there

    return frozenset(filter(needs, kept))


def held_back(ending: Collection[Kept], kept: Collection[Kept], built: Schema) -> dict[Kept, str]:
    """Return those of ``ending`` that what else is ``kept`` in ``built`` can't be without, and why.

    That is what a rule of a trigger computes from, the label or the target of a column.
    """
    held: dict[Kept, str] = {}
    while True:
        going = set(ending) - held.keys()
        staying = set(kept) - going
        found = {
            each: why
            for table in built.tables
            for place, why in _supports(table, going, staying)
            for each in going
            if each.place == place and (each.is_whole or each.kind is Kind.LABEL)
        }
        if not found:
            return held
        held |= found


def _supports(
    table: Table, going: Collection[Kept], staying: Collection[Kept]
) -> Iterator[tuple[Place, str]]:
    """Yield what the parts of ``table`` that are ``staying`` rest on, each with what does so."""
    wholes = {each.place for each in going if each.is_whole}
    for rule, what in _rules(table, wholes, staying):
        for place in wholes:
            if any(_reads(each, table.name, place) for each in rule):
                yield place, f"{what} is computed from it"
    yield from _shown(table, staying)
    yield from _moved(table, staying)
    yield from _held(table, going, staying)


def _shown(table: Table, staying: Collection[Kept]) -> Iterator[tuple[Place, str]]:
    """Yield what a view has, by which the table keeps a name of before."""
    for old in table.old_names:
        name = Kept(Kind.NAME, (old.name,))
        if name in staying:
            yield (table.name,), f"{name} shows it"
            for _, column in old.columns:
                yield (table.name, column), f"{name} shows it"


def _moved(table: Table, staying: Collection[Kept]) -> Iterator[tuple[Place, str]]:
    """Yield what is kept in step with another table."""
    for transfer, needed in resting_on(table):
        kept = Kept(Kind.TRANSFER, (table.name, transfer.target))
        if kept in staying:
            yield from ((place, f"{kept} needs it") for place in needed)


def _held(
    table: Table, going: Collection[Kept], staying: Collection[Kept]
) -> Iterator[tuple[Place, str]]:
    """Yield the labels that columns may hold which stay, and the tables that they refer to."""
    whole = Kept(Kind.TABLE, (table.name,)) in staying
    for column in table.columns:
        one = Kept(Kind.COLUMN, (table.name, column.name))
        if whole or one in staying:
            for each in going:
                is_label = each.kind is Kind.LABEL
                if is_label and column.type.removesuffix("[]") == quote_name(each.place[0]):
                    yield each.place, f"{one} may hold it"
    for key in table.foreign_keys:
        if whole or any(Kept(Kind.COLUMN, (table.name, each)) in staying for each in key.columns):
            yield (key.target,), f"{table.name} refers to it"


def _rules(
    table: Table, going: Collection[Place], staying: Collection[Kept]
) -> Iterator[tuple[tuple[Computed, ...], str]]:
    """Yield what the trigger of ``table`` goes on to compute, each rule with what it is for."""
    trigger = table.sync_trigger or SyncTrigger()
    for sync in trigger.syncs:
        if not any((table.name, each) in going for each in sync.columns):
            yield _parts(sync), f"column {table.name}.{sync.old[0].column}"
    for fill in trigger.fills:
        kept = Kept(Kind.FILL, (table.name, fill.column))
        if kept in staying:
            yield (fill,), str(kept)


def _parts(sync: Sync) -> tuple[Computed, ...]:
    return (*sync.old, *sync.new, *sync.defaults)


def _reads(computed: Computed, table: str, place: Place) -> bool:
    """Return whether SQL over a row of ``table`` may read the table or column at ``place``."""
    owner, *column = place
    names = words(computed.expression)
    return names.issuperset(column) and (owner in names or (bool(column) and owner == table))


def without_unfounded(current: Schema, wanted: Schema) -> tuple[Schema, frozenset[Kept]]:
    """Return ``wanted`` without rules and views that need what it lost, and what ends so.

    Such a rule would fail in each row, and PostgreSQL drops no column that a view shows.
    """
    gone = places(current) - places(wanted)
    ended: set[Kept] = set()
    tables = []
    for table in wanted.tables:
        trigger = table.sync_trigger
        lasting = tuple(
            old
            for old in table.old_names
            if gone.isdisjoint((table.name, column) for _, column in old.columns)
        )
        moving = tuple(each for each, need in resting_on(table) if gone.isdisjoint(need))
        ended |= {
            Kept(Kind.TRANSFER, (table.name, each.target))
            for each in {*table.transfers} - {*moving}
        }
        ended |= {Kept(Kind.NAME, (old.name,)) for old in {*table.old_names} - {*lasting}}
        table = replace(table, old_names=lasting, transfers=moving)
        if trigger is not None and gone:
            fills = tuple(each for each in trigger.fills if not _rests(each, table, gone))
            syncs = tuple(
                each
                for each in trigger.syncs
                if not any(_rests(part, table, gone) for part in _parts(each))
            )
            lost = {each.column for each in trigger.fills} - {each.column for each in fills}
            ended |= {Kept(Kind.FILL, (table.name, name)) for name in lost}
            maps = tuple(e for e in trigger.maps if (table.name, e.column) not in gone)
            ended |= {
                Kept(Kind.MAPPING, (table.name, each.column, each.before))
                for each in {*trigger.maps} - {*maps}
            }
            left = replace(trigger, syncs=syncs, fills=fills, maps=maps)
            table = replace(table, sync_trigger=left if left.acts else None)
        tables.append(table)
    return replace(wanted, tables=tuple(tables)), frozenset(ended)


def _rests(computed: Computed, table: Table, gone: Collection[Place]) -> bool:
    return any(_reads(computed, table.name, place) for place in gone)
